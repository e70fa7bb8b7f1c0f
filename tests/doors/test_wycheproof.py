"""Project Wycheproof's JOSE files: no invalid case is accepted, nor any key beyond our list.

649 cases in four files. Each goes to the function that the service itself uses; for envelopes also
to the layer beneath, since none of theirs states our exact header.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from joserfc import jwe
from joserfc.errors import JoseError

from gateway.agencies import registry
from gateway.errors import Invalid, Undecipherable
from gateway.sealing import jose
from tests.needs import SHARED

pytestmark = pytest.mark.needs("vectors")
FOLDER = SHARED / "vectors" / "wycheproof"
CASES = {
    "json_web_crypto_test.json": 83,
    "json_web_encryption_test.json": 139,
    "json_web_key_test.json": 26,
    "json_web_signature_test.json": 401,
}
SECRET = frozenset({"d", "p", "q", "dp", "dq", "qi", "k"})
Jwk = dict[str, Any]


def groups(name: str) -> Iterator[dict[str, Any]]:
    yield from json.loads((FOLDER / name).read_text("utf-8"))["testGroups"]


def cases(name: str, kind: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Group and case of every signature ("jws") or envelope ("jwe") of a file."""
    for group in groups(name):
        yield from ((group, as_text(case)) for case in group["tests"] if kind in case)


def as_text(case: dict[str, Any]) -> dict[str, Any]:
    """The case with its token as it would arrive: some are in the JSON serialisation."""
    tokens = {kind: case[kind] for kind in ("jws", "jwe") if kind in case}
    return case | {k: v if isinstance(v, str) else json.dumps(v) for k, v in tokens.items()}


def keys_of(group: dict[str, Any], part: str) -> list[Jwk]:
    given: Jwk = group.get(part) or group["private"]
    return list(given.get("keys", [given]))


def shown(jwk: Jwk) -> Jwk:
    return {name: value for name, value in jwk.items() if name not in SECRET}


def is_verified(token: Any, group: dict[str, Any]) -> bool:
    """Whether we take a token as signed by a key of the group that our list admits."""
    for jwk in keys_of(group, "public"):
        try:
            key = jose.import_public(shown(jwk), "sig")
            jose.verify_with(
                token, key, typ=None, header_keys={"alg"}, optional_keys={"kid", "typ"}
            )
        except Undecipherable:
            continue
        return True
    return False


def is_opened(token: Any, group: dict[str, Any]) -> bool:
    """Whether our suite opens an envelope with a key of the group, whatever its header says."""
    for jwk in keys_of(group, "private"):
        try:
            key = jose.import_private(jwk, "enc")
            jwe.decrypt_compact(token, key, registry=jose._JWE)
        except (Undecipherable, JoseError, ValueError, KeyError, TypeError):
            continue
        return True
    return False


def test_F40_wycheproof_has_the_files_and_cases_that_are_counted_here() -> None:
    found = {
        path.name: sum(len(group["tests"]) for group in groups(path.name))
        for path in FOLDER.glob("*.json")
    }
    assert found == CASES
    tried = Counter(kind for name in CASES for kind in ("jws", "jwe") for _ in cases(name, kind))
    assert (tried["jws"], tried["jwe"]) == (476, 173)
    assert tried.total() == sum(CASES.values()) == 649


# --- signatures -------------------------------------------------------------------------------

SIGNED = {  # file: cases, and which of them are accepted
    "json_web_crypto_test.json": (49, [18]),
    "json_web_key_test.json": (26, []),
    "json_web_signature_test.json": (401, [18, 378]),
}


@pytest.mark.parametrize("name", SIGNED)
def test_F40_no_invalid_signature_of_wycheproof_is_accepted(name: str) -> None:
    """Accepted are the valid ES256 ones; the valid PS256 ones have 2048 bits, which we refuse."""
    tried, wanted = SIGNED[name]
    accepted = [case for group, case in cases(name, "jws") if is_verified(case["jws"], group)]
    assert [case["tcId"] for case in accepted] == wanted
    assert {case["result"] for case in accepted} <= {"valid"}
    assert len(list(cases(name, "jws"))) == tried


# --- envelopes --------------------------------------------------------------------------------

SEALED = {"json_web_crypto_test.json": (34, []), "json_web_encryption_test.json": (139, [66])}


@pytest.mark.parametrize("name", SEALED)
def test_F34_no_invalid_envelope_of_wycheproof_is_opened(name: str) -> None:
    """Beneath our header rule one opens: the one valid ECDH-ES+A256KW with A256GCM on P-256."""
    tried, wanted = SEALED[name]
    opened = [case for group, case in cases(name, "jwe") if is_opened(case["jwe"], group)]
    assert [case["tcId"] for case in opened] == wanted
    assert {case["result"] for case in opened} <= {"valid"}
    assert len(list(cases(name, "jwe"))) == tried


@pytest.mark.parametrize("name", SEALED)
def test_F34_our_own_function_opens_none_of_them(name: str) -> None:
    for group, case in cases(name, "jwe"):
        held = {"": 0, **{str(jwk.get("kid", "")): 0 for jwk in keys_of(group, "private")}}
        with pytest.raises(Undecipherable):  # at the header: no key is so much as looked at
            jose.decrypt(case["jwe"], held, typ="", cty="")  # type: ignore[arg-type]


# --- keys -------------------------------------------------------------------------------------


def test_F40_of_wycheproofs_keys_only_those_on_our_list_are_accepted() -> None:
    """Everything but P-256 is refused there: all their RSA keys are shorter than 3072 bits."""
    tried = accepted = 0
    for name in CASES:
        for group in groups(name):
            for jwk, use in (
                (jwk, use)
                for part in ("public", "private")
                for jwk in keys_of(group, part)
                for use in ("sig", "enc")
            ):
                tried += 1
                try:
                    jose.check_key(shown(jwk), use)
                except Undecipherable:
                    continue
                accepted += 1
                assert (jwk["kty"], jwk["crv"]) == ("EC", "P-256")
                assert jwk.get("use", use) == use
                assert jwk.get("alg") in ({"sig": "ES256", "enc": "ECDH-ES+A256KW"}[use], None)
    assert tried == 2 * sum(
        len(keys_of(group, part))
        for name in CASES
        for group in groups(name)
        for part in ("public", "private")
    )
    assert 0 < accepted < tried / 4


@pytest.mark.parametrize("part", ["public", "private"])
def test_F40_no_key_set_of_wycheproofs_key_file_can_be_registered(part: str) -> None:
    """Mixed, repeated, weak, off the curve, of another use; nor any beside a good pair."""
    sets = [{"keys": keys_of(group, part)} for group in groups("json_web_key_test.json")]
    assert len(sets) == 25
    ours = [jose.public_part(jose.new_private(use)) for use in ("sig", "enc")]
    for each in sets:
        for keys in (each, {"keys": [*each["keys"], *ours]}):
            with pytest.raises(Invalid):
                registry.check_jwks(keys)


def test_F40_the_weak_keys_are_refused_one_by_one() -> None:
    """By what is wrong with each, so that one list being longer would not hide another."""
    wrong = {
        "jws_rsa_roca_key",
        "keysize_too_small",
        "exponentOne",
        "wrong_algorithm",
        "invalid_algorithm",
        "invalid_use",
        "invalid_point",
        "wrong_curve",
        "wrong_kty",
        "invalid_aes_gcm_key",
        "invalid_aes_kw_key",
        "HS256",
        "HS384",
        "HS512",
    }
    found = set()
    for group in groups("json_web_key_test.json"):
        if group["comment"] in wrong:
            found.add(group["comment"])
            for jwk in keys_of(group, "public"):
                with pytest.raises(Undecipherable):
                    jose.import_public(shown(jwk), "sig")
    assert found == wrong
