"""Messages: signed for one recipient and one time, padded, sealed; sections that stay sealed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Invalid, Undecipherable
from gateway.sealing import envelopes, jose

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
T = int(NOW.timestamp())
GATEWAY, AGENCY = "https://gateway.example.org", "harbourgate"


class Pair:
    """A key pair of an agency or of the gateway."""

    def __init__(self, use: str) -> None:
        self.jwk = jose.new_private(use)
        self.kid = self.jwk["kid"]
        self.public = jose.public_part(self.jwk)
        self.key = jose.import_private(self.jwk, use)
        self.held = {self.kid: self.key}


GATEWAY_ENC, GATEWAY_SIG = Pair("enc"), Pair("sig")
AGENCY_SIG, OTHER_SIG = Pair("sig"), Pair("sig")
TO_GATEWAY = jose.import_public(GATEWAY_ENC.public, "enc")
IDVA_ENC, POLICE_ENC = Pair("enc"), Pair("enc")
REGISTERED = {(AGENCY, AGENCY_SIG.kid): AGENCY_SIG.key, ("other", OTHER_SIG.kid): OTHER_SIG.key}


def claims(**changes: Any) -> dict[str, Any]:
    full = {
        "iss": AGENCY,
        "aud": GATEWAY,
        "iat": T,
        "exp": T + 600,
        "jti": "j" * 22,
        "form": "referral/1",
        "document": {"victim": {"given_names": "Elena"}},
        **changes,
    }
    return {name: value for name, value in full.items() if value is not ...}


def sealed(by: Pair = AGENCY_SIG, to: Pair = GATEWAY_ENC, **changes: Any) -> str:
    return envelopes.seal_document(
        claims=claims(**changes),
        signing_key=by.key,
        signing_kid=by.kid,
        recipient_jwk=to.public,
        recipient_kid=to.kid,
    )


def registered(iss: str, kid: str) -> jose.Key | None:
    return REGISTERED.get((iss, kid))


def opened(
    token: str,
    now: datetime = NOW,
    audience: str = GATEWAY,
    find: Callable[[str, str], jose.Key | None] = registered,
) -> envelopes.Opened:
    return envelopes.open_document(
        token,
        decrypt_keys=GATEWAY_ENC.held,
        find_verify_key=find,
        audience=audience,
        now=now,
    )


def enclosed(payload: bytes, typ: str = envelopes.DOCUMENT, by: Pair = AGENCY_SIG) -> str:
    """Encrypt any payload that a registered agency might sign."""
    signed = jose.sign(payload, by.key, by.kid, typ)
    key = jose.import_public(GATEWAY_ENC.public, "enc")
    return jose.encrypt(signed.encode(), key, GATEWAY_ENC.kid, envelopes.ENVELOPE, "JWT")


def test_a_document_opens_and_names_its_sender() -> None:
    document = opened(sealed())
    assert (document.iss, document.kid) == (AGENCY, AGENCY_SIG.kid)
    assert document.claims["document"] == {"victim": {"given_names": "Elena"}}
    assert jose.verify(document.jws, AGENCY_SIG.held, envelopes.DOCUMENT).payload
    assert "Elena" not in repr(document)


def test_the_wire_has_the_published_shape() -> None:
    token = sealed()
    outer = jose.peek(token)
    assert {n: v for n, v in outer.items() if n != "epk"} == {
        "alg": "ECDH-ES+A256KW",
        "enc": "A256GCM",
        "kid": GATEWAY_ENC.kid,
        "typ": "marac-envelope+jwe",
        "cty": "JWT",
    }
    inner = jose.peek(opened(token).jws)
    assert inner == {"alg": "ES256", "kid": AGENCY_SIG.kid, "typ": "marac-document+jws"}


SECONDS: dict[str, dict[str, Any]] = {
    "wrong_audience": {"aud": "https://elsewhere.example.org"},
    "issued_in_future": {"iat": T + 11, "exp": T + 600},
    "expired": {"iat": T - 600, "exp": T},
}


@pytest.mark.parametrize("code", SECONDS)
def test_a_document_for_another_place_or_time_is_refused(code: str) -> None:
    with pytest.raises(Undecipherable) as caught:
        opened(sealed(**SECONDS[code]))
    assert caught.value.code == code
    assert caught.value.problems


@pytest.mark.parametrize(
    "change",
    [
        {"iat": T + 10, "exp": T + 100},
        {"iat": T - 899, "exp": T + 1},
        {"exp": T + 900},
        {"exp": T + 1},
    ],
)
def test_the_edges_of_the_time_window_are_inside(change: dict[str, Any]) -> None:
    assert opened(sealed(**change)).iss == AGENCY


def test_a_document_is_refused_once_its_time_is_over() -> None:
    token = sealed()
    assert opened(token, NOW + timedelta(seconds=599)).iss == AGENCY
    with pytest.raises(Undecipherable):
        opened(token, NOW + timedelta(seconds=600))


@pytest.mark.parametrize(
    "change",
    [
        *({name: ...} for name in ("iss", "aud", "iat", "exp", "jti", "form", "document")),
        {"exp": T + 901},
        {"iat": T, "exp": T},
        {"iss": ["harbourgate"]},
        {"iss": ""},
        {"iss": "a" * 65},
        {"aud": [GATEWAY]},
        {"iat": True},
        {"iat": float(T)},
        {"iat": str(T)},
        {"exp": None},
        {"jti": "short"},
        {"jti": "j" * 129},
        {"jti": 5},
        {"form": 1},
        {"document": []},
        {"worker": 5},
        {"sealed": {}},
        {"unknown": 1},
    ],
)
def test_claims_of_another_form_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        opened(sealed(**change))


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b"\xff",
        b"\xef\xbb\xbf{}",
        b'{"iss":"harbourgate","iss":"harbourgate"}',
        b'{"iss":"harbour\\u0000gate"}',
        b'{"iss":"\\ud800"}',
        b"[" * 100_000,
        b'{"iss":' + b"[" * 60 + b"]" * 60 + b"}",
        b'{"iss":NaN}',
    ],
)
def test_a_payload_that_is_no_strict_json_is_refused(payload: bytes) -> None:
    with pytest.raises(Invalid):
        opened(enclosed(payload))


def test_a_document_is_only_taken_from_the_agency_whose_key_signed_it() -> None:
    with pytest.raises(Undecipherable):
        opened(sealed(iss="other"))  # signed by harbourgate in the name of another
    with pytest.raises(Undecipherable):
        opened(sealed(by=OTHER_SIG))  # signed by another in the name of harbourgate
    with pytest.raises(Undecipherable):
        opened(sealed(by=Pair("sig")))  # signed by nobody known


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "other"},
        {"document": {"victim": {"given_names": "Somebody"}}},
        {"exp": T + 601},
        {"worker": "w-2"},
    ],
)
def test_what_is_not_what_was_signed_is_refused_whoever_it_names(change: dict[str, Any]) -> None:
    """The claims are read before the signature is looked at: they open nothing by themselves."""
    true = jose.sign(
        json.dumps(claims()).encode(), AGENCY_SIG.key, AGENCY_SIG.kid, envelopes.DOCUMENT
    )
    header, _, signature = true.split(".")
    asked: list[tuple[str, str]] = []

    def found(iss: str, kid: str) -> jose.Key:
        asked.append((iss, kid))
        return AGENCY_SIG.key

    for payload, is_good in ((claims(), True), (claims(**change), False)):
        forged = ".".join((header, jose.b64u(json.dumps(payload).encode()), signature))
        body = jose.encrypt(forged.encode(), TO_GATEWAY, GATEWAY_ENC.kid, envelopes.ENVELOPE, "JWT")
        if is_good:
            assert opened(body, find=found).iss == AGENCY
            continue
        with pytest.raises(Undecipherable) as caught:
            opened(body, find=found)
        assert caught.value.code == "undecipherable"
    assert asked == [(AGENCY, AGENCY_SIG.kid), (change.get("iss", AGENCY), AGENCY_SIG.kid)]


def test_a_document_sealed_again_to_somebody_else_is_refused_there() -> None:
    """The gateway of another partnership opens one and forwards it to us, or we to it."""
    signed = jose.sign(
        json.dumps(claims(aud="https://elsewhere.example.org")).encode(),
        AGENCY_SIG.key,
        AGENCY_SIG.kid,
        envelopes.DOCUMENT,
    )
    key = jose.import_public(GATEWAY_ENC.public, "enc")
    forwarded = jose.encrypt(signed.encode(), key, GATEWAY_ENC.kid, envelopes.ENVELOPE, "JWT")
    with pytest.raises(Undecipherable) as caught:
        opened(forwarded)
    assert caught.value.code == "wrong_audience"


@pytest.mark.parametrize("typ", [envelopes.RECEIPT, envelopes.DISCLOSURE, "JWT", "dpop+jwt"])
def test_something_signed_for_another_purpose_is_no_document(typ: str) -> None:
    with pytest.raises(Undecipherable):
        opened(enclosed(json.dumps(claims()).encode(), typ))


@pytest.mark.parametrize("plain", [b"", b"\xff\xfe", b"not a token", b"a.b.c"])
def test_an_envelope_without_a_signed_document_is_refused(plain: bytes) -> None:
    key = jose.import_public(GATEWAY_ENC.public, "enc")
    token = jose.encrypt(plain, key, GATEWAY_ENC.kid, envelopes.ENVELOPE, "JWT")
    with pytest.raises(Undecipherable):
        opened(token)


# --- length -----------------------------------------------------------------------------------


@given(st.integers(1, 10**7))
def test_padding_costs_an_eighth_at_most_and_leaves_few_sizes(length: int) -> None:
    size = envelopes.padme(length)
    assert length <= size <= length * 1.125 + 1
    assert envelopes.padme(size) == size


def test_the_sizes_of_padme_are_those_of_the_paper() -> None:
    assert [envelopes.padme(n) for n in (1, 8, 9, 33, 1000, 1025, 10_000)] == [
        *(1, 8, 10, 36, 1024, 1088, 10_240),
    ]


@given(st.text(max_size=3000))
def test_a_body_has_one_of_few_lengths(text: str) -> None:
    payload = envelopes.padded(claims(document={"text": text}, pad="will be replaced"))
    assert len(payload) == envelopes.padme(len(payload)) >= envelopes.SMALLEST
    assert json.loads(payload)["document"] == {"text": text}


def test_documents_of_about_one_size_cannot_be_told_apart_by_length() -> None:
    assert len({len(sealed(document={"text": "x" * n})) for n in range(0, 300, 7)}) == 1


# --- the same content -----------------------------------------------------------------------------


def a_section(key: str = "k1", secret: bytes = b"s" * 32, **content: Any) -> dict[str, Any]:
    plain = {"channels": [{"value": "07700 900123"}], **content}
    recipients = [("idva", IDVA_ENC.public), ("police", POLICE_ENC.public)]
    return envelopes.seal_section(
        "safe_contact", plain, recipients, idempotency_key=key, secret=secret
    )


def digest(*sections: dict[str, Any], form: str = "referral/1", **document: Any) -> str:
    return envelopes.content_digest(form, document, sections)


def test_sealing_again_for_a_retry_is_the_same_content() -> None:
    one, two = a_section(), a_section()
    assert one["recipients"] != two["recipients"]
    assert digest(one, a=1) == digest(two, a=1)


def test_the_order_of_members_and_sections_says_nothing() -> None:
    first, second = a_section(), {**a_section(), "section": "protected_address"}
    assert digest(first, second, a=1, b=2) == digest(second, first, b=2, a=1)


def test_any_other_content_is_another_digest() -> None:
    same = digest(a_section(), a=1)
    assert same not in {
        digest(a_section(), a=2),
        digest(a=1),
        digest(a_section(), a=1, form="position/1"),
        digest(a_section(other=1), a=1),
        digest({**a_section(), "section": "protected_address"}, a=1),
        digest(a_section(key="k2"), a=1),
    }


# --- sections that stay sealed --------------------------------------------------------------------


@pytest.mark.parametrize(("agency", "pair"), [("idva", IDVA_ENC), ("police", POLICE_ENC)])
def test_each_recipient_opens_its_copy_and_no_other(agency: str, pair: Pair) -> None:
    content = envelopes.open_section(a_section(), agency, pair.held)
    assert content == {"channels": [{"value": "07700 900123"}]}
    for held in (GATEWAY_ENC.held, Pair("enc").held, {}):
        with pytest.raises(Undecipherable):
            envelopes.open_section(a_section(), agency, held)
    with pytest.raises(Undecipherable):
        envelopes.open_section(a_section(), "landlord", pair.held)


def test_the_digest_cannot_be_guessed_without_the_secret() -> None:
    assert a_section()["digest"] == a_section()["digest"]
    assert a_section()["digest"] != a_section(secret=b"t" * 32)["digest"]
    assert a_section()["digest"] != a_section(key="k2")["digest"]


def test_a_copy_that_differs_from_the_signed_digest_is_refused() -> None:
    for other in (a_section(other=1), a_section(key="k2")):
        swapped = {**a_section(), "recipients": other["recipients"]}
        with pytest.raises(Undecipherable):
            envelopes.open_section(swapped, "idva", IDVA_ENC.held)


def test_V10_what_is_really_sealed_passes() -> None:
    section = a_section()
    assert opened(sealed(sealed=[section])).claims["sealed"] == [section]


def with_copy(change: Any) -> dict[str, Any]:
    section = a_section()
    section["recipients"][1]["jwe"] = change
    return section


@pytest.mark.parametrize(
    "jwe",
    [
        "07700 900123",
        "",
        jose.b64u(b"07700 900123"),
        "a.b.c.d.e",
        sealed(),
        jose.sign(b"{}", AGENCY_SIG.key, AGENCY_SIG.kid, envelopes.SECTION),
        a_section()["recipients"][0]["jwe"],  # sealed, but to the key of another
    ],
)
def test_V10_plain_text_where_an_envelope_belongs_is_refused(jwe: str) -> None:
    with pytest.raises(Invalid) as caught:
        opened(sealed(sealed=[with_copy(jwe)]))
    assert caught.value.problems[0].pointer.startswith("/sealed/0/recipients/1/jwe")


# --- answers ----------------------------------------------------------------------------------


def test_a_receipt_is_by_the_gateway_for_one_agency() -> None:
    said = {"iss": GATEWAY, "aud": AGENCY, "sub": "ABCD-EFGH", "iat": T, "level": "HIGH"}
    receipt = envelopes.sign_receipt(said, GATEWAY_SIG.key, GATEWAY_SIG.kid)
    read = envelopes.verify_receipt(receipt, GATEWAY_SIG.held, audience=AGENCY, issuer=GATEWAY)
    assert read == said
    for wrong in (
        {"audience": "other"},
        {"audience": AGENCY, "issuer": "https://elsewhere.example.org"},
    ):
        with pytest.raises(Undecipherable):
            envelopes.verify_receipt(receipt, GATEWAY_SIG.held, **wrong)
    with pytest.raises(Undecipherable):
        envelopes.verify_receipt(receipt, AGENCY_SIG.held, audience=AGENCY)


def test_a_receipt_tells_nothing_by_its_length() -> None:
    lengths = set()
    for count in range(8):
        said = {"iss": GATEWAY, "aud": AGENCY, "next": ["x" * 20] * count}
        lengths.add(len(envelopes.sign_receipt(said, GATEWAY_SIG.key, GATEWAY_SIG.kid)))
    assert len(lengths) == 1


def disclosure(**changes: Any) -> str:
    return envelopes.seal_disclosure(
        claims={"iss": GATEWAY, "aud": "idva", "iat": T, "sections": {}, **changes},
        signing_key=GATEWAY_SIG.key,
        signing_kid=GATEWAY_SIG.kid,
        recipient_jwk=IDVA_ENC.public,
        recipient_kid=IDVA_ENC.kid,
    )


def read_disclosure(token: str, held: dict[str, Any], audience: str = "idva") -> dict[str, Any]:
    return envelopes.open_disclosure(
        token,
        decrypt_keys=held,
        verify_keys=GATEWAY_SIG.held,
        audience=audience,
        issuer=GATEWAY,
    )


def test_a_disclosure_is_for_one_agency() -> None:
    assert read_disclosure(disclosure(), IDVA_ENC.held)["sections"] == {}
    with pytest.raises(Undecipherable):
        read_disclosure(disclosure(), POLICE_ENC.held)
    with pytest.raises(Undecipherable):
        read_disclosure(disclosure(aud="police"), IDVA_ENC.held)
    with pytest.raises(Undecipherable):
        read_disclosure(disclosure(iss="https://elsewhere.example.org"), IDVA_ENC.held)


def test_a_document_of_an_agency_is_no_disclosure() -> None:
    forged = sealed(to=IDVA_ENC, by=GATEWAY_SIG)
    with pytest.raises(Undecipherable):
        read_disclosure(forged, IDVA_ENC.held)
