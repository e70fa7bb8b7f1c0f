"""Documents travel between our code and JOSE libraries that are not ours, both ways."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from jwcrypto import jwk, jws

from gateway.client import config
from gateway.sealing import envelopes, jose
from tests import needs
from tests.counterpart import Counterpart, Pair, read_signed, seal, served, unseal

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs" / "examples"
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
T = int(NOW.timestamp())
GATEWAY, AGENCY = "https://gateway.example.org", "harbourgate"

SIG, ENC = jose.new_private("sig"), jose.new_private("enc")
OUR_SIGNER, OUR_OPENER = jose.import_private(SIG, "sig"), jose.import_private(ENC, "enc")
CLAIMS: dict[str, Any] = {
    "iss": AGENCY,
    "aud": GATEWAY,
    "iat": T,
    "exp": T + 600,
    "jti": "j" * 22,
    "form": "referral/1",
    "document": {"names": ["Małgorzata", "Siân", "Ⅷ", "“O’Brien”", "\u2028"], "number": 1.5},
}


def ours(recipient: dict[str, Any]) -> str:
    return envelopes.seal_document(
        claims=CLAIMS,
        signing_key=OUR_SIGNER,
        signing_kid=SIG["kid"],
        recipient_jwk=recipient,
        recipient_kid=recipient["kid"],
    )


def opened_by_us(token: str, signer: dict[str, Any]) -> dict[str, Any]:
    key = jose.import_public(signer, "sig")
    document = envelopes.open_document(
        token,
        decrypt_keys={ENC["kid"]: OUR_OPENER},
        find_verify_key=lambda iss, kid: key if (iss, kid) == (AGENCY, signer["kid"]) else None,
        audience=GATEWAY,
        now=NOW,
    )
    return {name: value for name, value in document.claims.items() if name != "pad"}


# --- jwcrypto ---------------------------------------------------------------------------------


def test_jwcrypto_opens_what_we_sealed() -> None:
    theirs = Pair("enc")
    signed = unseal(ours(theirs.public), theirs.key, envelopes.ENVELOPE)
    read = read_signed(signed, jwk.JWK(**jose.public_part(SIG)), envelopes.DOCUMENT)
    assert set(read.pop("pad")) == {"0"}
    assert read == CLAIMS


def test_we_open_what_jwcrypto_sealed() -> None:
    theirs = Pair("sig")
    signed = theirs.sign(CLAIMS, envelopes.DOCUMENT)
    token = seal(signed, jose.public_part(ENC), envelopes.ENVELOPE, "JWT")
    assert opened_by_us(token, theirs.public) == CLAIMS


@pytest.mark.parametrize(
    ("alg", "made"),
    [("Ed25519", {"kty": "OKP", "crv": "Ed25519"}), ("PS256", {"kty": "RSA", "size": 3072})],
)
def test_we_verify_the_other_signatures_of_jwcrypto(alg: str, made: dict[str, Any]) -> None:
    theirs = jwk.JWK.generate(**made)
    public = {**theirs.export_public(as_dict=True), "kid": "k", "use": "sig", "alg": alg}
    signed = sign_as(theirs, alg)
    token = seal(signed, jose.public_part(ENC), envelopes.ENVELOPE, "JWT")
    assert opened_by_us(token, public) == CLAIMS


def sign_as(key: jwk.JWK, alg: str) -> str:
    made = jws.JWS(json.dumps(CLAIMS).encode())
    made.allowed_algs = [alg]
    made.add_signature(key, alg, json.dumps({"alg": alg, "kid": "k", "typ": envelopes.DOCUMENT}))
    return str(made.serialize(compact=True))


def test_a_section_goes_both_ways() -> None:
    theirs = Pair("enc")
    content = {"channels": [{"value": "07700 900123"}]}
    item = envelopes.seal_section(
        "safe_contact",
        content,
        [("idva", theirs.public)],
        idempotency_key="k",
        secret=b"s" * 32,
    )
    plain = json.loads(unseal(item["recipients"][0]["jwe"], theirs.key, envelopes.SECTION))
    assert {name: value for name, value in plain.items() if name != "salt"} == content
    copy = seal(json.dumps(plain), jose.public_part(ENC), envelopes.SECTION, "json")
    digest = jose.b64u(hashlib.sha256(json.dumps(plain).encode()).digest())
    theirs_item = {
        "section": "safe_contact",
        "digest": digest,
        "recipients": [{"agency": "us", "kid": ENC["kid"], "jwe": copy}],
    }
    assert envelopes.open_section(theirs_item, "us", {ENC["kid"]: OUR_OPENER}) == content


# --- node -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with npm's jose, installed from the committed lock, no script of it run."""
    folder = Path(tmp_path_factory.mktemp("node"))
    for name in ("package.json", "package-lock.json", "refer.mjs"):
        (folder / name).write_bytes((EXAMPLES / name).read_bytes())
    command = [*(needs.npm() or []), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=120)
    return folder


def node(project: Path, script: str, *arguments: str) -> str:
    done = subprocess.run(
        [str(needs.node()), script, *arguments],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


THERE_AND_BACK = """
import { CompactEncrypt, CompactSign, compactDecrypt, compactVerify, importJWK } from "jose";
import { readFileSync } from "node:fs";
const given = JSON.parse(readFileSync(process.argv[2], "utf8"));
const key = (jwk) => importJWK(jwk, jwk.alg);
const opened = await compactDecrypt(given.token, await key(given.theirs));
const text = new TextDecoder();
const read = await compactVerify(text.decode(opened.plaintext), await key(given.signer));
const signed = await new CompactSign(read.payload)
  .setProtectedHeader({ alg: "ES256", kid: given.own.kid, typ: "marac-document+jws" })
  .sign(await key(given.own));
const sealed = await new CompactEncrypt(new TextEncoder().encode(signed))
  .setProtectedHeader({ alg: "ECDH-ES+A256KW", enc: "A256GCM", kid: given.ours.kid,
    typ: "marac-envelope+jwe", cty: "JWT" })
  .encrypt(await key(given.ours));
console.log(JSON.stringify({ claims: JSON.parse(text.decode(read.payload)), sealed,
  header: opened.protectedHeader, inner: read.protectedHeader }));
"""


@pytest.mark.needs("npm")
def test_node_opens_what_we_sealed_and_we_open_what_node_sealed(project: Path) -> None:
    theirs, own = jose.new_private("enc"), jose.new_private("sig")
    given = {
        "token": ours(jose.public_part(theirs)),
        "theirs": theirs,
        "signer": jose.public_part(SIG),
        "own": own,
        "ours": jose.public_part(ENC),
    }
    (project / "given.json").write_text(json.dumps(given))
    (project / "there.mjs").write_text(THERE_AND_BACK)
    back = json.loads(node(project, "there.mjs", "given.json"))
    assert {name: value for name, value in back["claims"].items() if name != "pad"} == CLAIMS
    assert (back["header"]["typ"], back["inner"]["typ"]) == (
        envelopes.ENVELOPE,
        envelopes.DOCUMENT,
    )
    assert opened_by_us(back["sealed"], jose.public_part(own)) == CLAIMS


FORM: dict[str, Any] = {
    "form": "referral/1",
    "document": {
        "referral": {"area": "marlbury", "needs": []},
        "victim": {"family_name": "Marsh-Okoro", "address": {"absent": "UNKNOWN"}},
        "consent_record": {"conditions": [{"text": "x", "excludes_kind": "POLICE"}]},
    },
    "sealed": {
        "safe_contact": {"channels": [{"value": "07700 900123"}]},
        "protected_address": {"notes": "Siân’s flat"},
    },
}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Counterpart]:
    config.new_keys(tmp_path / "keys", AGENCY)
    public = json.loads((tmp_path / "keys" / config.PUBLIC).read_text())["keys"]
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    base = f"http://127.0.0.1:{server.server_port}"
    counterpart = Counterpart(base, AGENCY, public, lambda: int(datetime.now(UTC).timestamp()))
    with served(counterpart, server):
        yield counterpart


@pytest.mark.needs("npm")
def test_the_example_in_node_refers_a_case(
    project: Path, tmp_path: Path, desk: Counterpart
) -> None:
    (tmp_path / "form.json").write_text(json.dumps(FORM))
    keys, form = str(tmp_path / "keys"), str(tmp_path / "form.json")
    said = node(project, "refer.mjs", desk.base_url, AGENCY, keys, form)
    assert said == "Received. The reference is 7K3MQ-2XF8A-C.\n"
    [claims] = desk.documents
    assert claims["document"] == FORM["document"]
    found = {item["section"]: item for item in claims["sealed"]}
    for section, item in found.items():
        envelopes.check_section(item, "/sealed/0")
        assert [row["agency"] for row in item["recipients"]] == ["idva"]
        idva = json.loads(desk.idva.key.export_private())
        key = jose.import_private({n: idva[n] for n in ("kty", "crv", "x", "y", "d")}, "enc")
        opened = envelopes.open_section(item, "idva", {desk.idva.kid: key})
        assert opened == FORM["sealed"][section]
    assert found.keys() == FORM["sealed"].keys()


@pytest.mark.needs("npm")
def test_the_example_in_node_says_why_it_was_refused(
    project: Path, tmp_path: Path, desk: Counterpart
) -> None:
    desk.audience = "other"
    (tmp_path / "form.json").write_text(json.dumps({"form": "referral/1", "document": {}}))
    keys, form = str(tmp_path / "keys"), str(tmp_path / "form.json")
    done = subprocess.run(
        [str(needs.node()), "refer.mjs", desk.base_url, AGENCY, keys, form],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "no receipt for us" in done.stderr


def test_the_example_is_short_and_uses_nothing_of_ours() -> None:
    lines = (EXAMPLES / "refer.mjs").read_text().splitlines()
    assert len(lines) <= 100
    imported = {line.rpartition(" from ")[2].strip('";') for line in lines if " from " in line}
    assert imported >= {"jose", "node:crypto", "node:fs"}
    assert not [line for line in lines if "import" in line and "./" in line]


def test_the_lock_of_the_example_names_no_address_of_a_package() -> None:
    lock = json.loads((EXAMPLES / "package-lock.json").read_text())
    assert all("resolved" not in package for package in lock["packages"].values())
    assert lock["packages"]["node_modules/jose"]["integrity"].startswith("sha512-")
