"""An agency's software in Python, written from the documentation, with nothing of ours.

`requests-oauth2client` gets and binds the tokens, `jwcrypto` signs, seals and opens. Only this
file may stand between them: it imports no code of the gateway.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests
from jwcrypto import jwe, jwk, jws
from jwskate import Jwk
from requests_oauth2client import DPoPToken, OAuth2Client, PrivateKeyJwt

SEALED = ["ECDH-ES+A256KW", "A256GCM"]
Json = dict[str, Any]


def b64u(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def digest(data: bytes) -> str:
    return b64u(hashlib.sha256(data).digest())


class Partner:
    """One agency at one gateway, with the keys of its folder."""

    def __init__(self, base: str, agency: str, folder: Path) -> None:
        self.base, self.agency = base, agency
        own, encryption = (
            json.loads((folder / name).read_text("utf-8"))
            for name in ("signing.jwk", "encryption.jwk")
        )
        self.kid: str = own["kid"]
        self.own, self.encryption = jwk.JWK(**own), jwk.JWK(**encryption)
        self.secret = urlsafe_b64decode((folder / "secret.key").read_text("ascii").strip() + "==")
        self.auth = PrivateKeyJwt(agency, Jwk(own), aud=base)
        self.client = OAuth2Client.from_discovery_endpoint(
            f"{base}/.well-known/oauth-authorization-server",
            issuer=base,
            auth=self.auth,
            dpop_bound_access_tokens=True,
            testing=True,  # http, on loopback
        )
        listed = requests.get(str(self.client.jwks_uri), timeout=10).json()["keys"]
        self.seal_to = next(key for key in listed if key["use"] == "enc")
        self.verify = {key["kid"]: jwk.JWK(**key) for key in listed if key["use"] == "sig"}
        self.tokens: dict[str, DPoPToken] = {}

    # --- calls --------------------------------------------------------------------------------

    def token(self, scope: str) -> DPoPToken:
        if scope not in self.tokens or self.tokens[scope].is_expired(60):
            token = self.client.client_credentials(scope=scope)
            assert isinstance(token, DPoPToken)
            self.tokens[scope] = token
        return self.tokens[scope]

    def call(
        self,
        method: str,
        path: str,
        scope: str,
        body: bytes | None = None,
        media: str = "application/json",
        key: str = "",
    ) -> requests.Response:
        """One call; `requests-oauth2client` signs the proof."""
        headers = {} if body is None else {"Content-Type": media}
        if method == "POST":
            headers["Idempotency-Key"] = key or str(uuid.uuid4())
        return requests.request(
            method,
            self.base + path,
            data=body,
            headers=headers,
            auth=self.token(scope),
            timeout=30,
        )

    def get(self, path: str, scope: str) -> Any:
        """What an operation answers, opened if it is sealed."""
        answer = self.call("GET", path, scope)
        assert answer.status_code == 200, answer.text
        if answer.headers["Content-Type"] == "application/jose":
            return self.open(answer.text)
        return answer.json()

    def post(self, path: str, scope: str, body: Mapping[str, Any]) -> requests.Response:
        """Send a plain body of codes."""
        return self.call("POST", path, scope, json.dumps(body).encode())

    def assertion(self) -> str:
        """A fresh proof of who the agency is."""
        return self.auth.client_assertion(self.base)

    def proof_for_token(self) -> str:
        """A fresh proof of possession, with the newest nonce, for the token endpoint."""
        url = f"{self.base}/oauth/token"
        nonce = requests.post(url, timeout=10).headers["DPoP-Nonce"]
        return str(self.token("referrals:write").dpop_key.proof("POST", url, nonce=nonce))

    # --- documents ----------------------------------------------------------------------------

    def send(
        self, path: str, scope: str, form: str, document: Json, sealed: list[Json], key: str
    ) -> requests.Response:
        """Sign a document, seal it to the gateway and send it."""
        body = self.enclose(form, document, sealed)
        return self.call("POST", path, scope, body.encode(), "application/jose", key)

    def enclose(self, form: str, document: Any, sealed: list[Json] | None = None) -> str:
        """A document, signed and sealed to the gateway."""
        extra = {"sealed": sealed} if sealed else {}
        return self.enclose_claims({**self.claims(form, document), **extra})

    def claims(self, form: str, document: Any) -> Json:
        """What an envelope says besides its document."""
        now = int(time.time())
        return {
            "iss": self.agency,
            "aud": self.base,
            "iat": now,
            "exp": now + 300,
            "jti": secrets.token_urlsafe(16),
            "form": form,
            "document": document,
        }

    def enclose_claims(self, claims: Json) -> str:
        """Any claims, signed and sealed to the gateway."""
        return self.seal(self.sign(claims), self.seal_to, "marac-envelope+jwe", "JWT")

    def sign(self, claims: Json) -> str:
        made = jws.JWS(json.dumps(claims).encode())
        header = {"alg": "ES256", "kid": self.kid, "typ": "marac-document+jws"}
        made.add_signature(self.own, None, json.dumps(header))
        return str(made.serialize(compact=True))

    def seal(self, text: str, to: Json, typ: str, cty: str) -> str:
        header = {"alg": SEALED[0], "enc": SEALED[1], "kid": to["kid"], "typ": typ, "cty": cty}
        made = jwe.JWE(text.encode(), json.dumps(header), algs=SEALED)
        made.add_recipient(jwk.JWK(**to))
        return str(made.serialize(compact=True))

    def seal_section(self, section: str, content: Json, offered: list[Json], key: str) -> Json:
        """One copy for each agency that the gateway named, over one salted digest."""
        salt = hmac.digest(self.secret, f"{key}|{section}".encode(), "sha256")[:16]
        plain = json.dumps({**content, "salt": b64u(salt)})
        copies = [
            {
                "agency": row["agency"],
                "kid": row["key"]["kid"],
                "jwe": self.seal(plain, row["key"], "marac-section+jwe", "json"),
            }
            for row in offered
            if section in row["sections"]
        ]
        return {"section": section, "digest": digest(plain.encode()), "recipients": copies}

    def keep_note(self, reference: str, text: str, kind: str) -> requests.Response:
        """Seal a note to this agency's own key, and have it kept with a case."""
        plain = json.dumps({"text": text, "salt": b64u(secrets.token_bytes(16)), "pad": "000"})
        own = self.encryption.export_public(as_dict=True)
        sealed = {
            "kid": own["kid"],
            "digest": digest(plain.encode()),
            "jwe": self.seal(plain, own, "marac-note+jwe", "json"),
        }
        path = f"/v1/cases/{reference}/private-notes"
        return self.send(path, "cases:write", "private-note/1", {"kind": kind, **sealed}, [], "")

    def open_note(self, note: Json) -> str:
        """What this agency sealed to itself, checked against the digest that it signed."""
        plain = self.unseal(note["jwe"], "marac-note+jwe")
        assert digest(plain) == note["digest"]
        return str(json.loads(plain)["text"])

    def refer(self, form_file: Json, key: str | None = None) -> requests.Response:
        """Send a form file as `examples/` has them, its sealed sections sealed."""
        document, key = form_file["document"], key or str(uuid.uuid4())
        sealed = self.seal_sections(form_file, key)
        form = form_file["form"]
        return self.send("/v1/referrals", "referrals:write", form, document, sealed, key)

    def seal_sections(self, form_file: Json, key: str) -> list[Json]:
        """The sealed sections of a form file, each for whom the gateway names."""
        document, plain = form_file["document"], form_file.get("sealed", {})
        question = {**where(document), "needs": document["referral"].get("needs", [])}
        offered = self.post("/v1/routing/preview", "referrals:write", question)
        assert offered.status_code == 200, offered.text
        to = [row for row in offered.json()["recipients"] if not is_excluded(row, document)]
        return [self.seal_section(name, plain[name], to, key) for name in plain]

    # --- answers ------------------------------------------------------------------------------

    def read_signed(self, token: str, typ: str) -> Json:
        """What the gateway signed, if it did, for this agency."""
        made = jws.JWS()
        made.allowed_algs = ["ES256"]
        made.deserialize(token)
        header = made.jose_header
        assert header["typ"] == typ
        made.verify(self.verify[header["kid"]])
        claims: Json = json.loads(made.payload)
        assert (claims["iss"], claims["aud"]) == (self.base, self.agency)
        return claims

    def unseal(self, token: str, typ: str) -> bytes:
        made = jwe.JWE(algs=SEALED)
        made.deserialize(token, self.encryption)
        assert made.jose_header["typ"] == typ
        return bytes(made.payload)

    def open(self, token: str) -> Json:
        """What the gateway sealed to this agency."""
        signed = self.unseal(token, "marac-envelope+jwe").decode()
        return self.read_signed(signed, "marac-disclosure+jws")

    def open_section(self, item: Json) -> Json:
        """A section that another agency sealed to this one, checked against its digest."""
        [mine] = [row for row in item["recipients"] if row["agency"] == self.agency]
        plain = self.unseal(mine["jwe"], "marac-section+jwe")
        assert digest(plain) == item["digest"]
        content: Json = json.loads(plain)
        assert len(urlsafe_b64decode(content.pop("salt") + "==")) == 16
        return content


def where(document: Json) -> Json:
    """Where the victim lives, as exactly as a plain question may say it."""
    address = document["victim"].get("address", {}).get("value", {})
    postcode = address.get("postcode", {}).get("value")
    return {"outward": postcode.split()[0]} if postcode else {"area": document["referral"]["area"]}


def is_excluded(row: Json, document: Json) -> bool:
    """Whether the victim or the referrer wants this agency to have nothing."""
    said = [*document["consent_record"]["conditions"], *document.get("must_not_receive", [])]
    kinds = {each.get("excludes_kind", each.get("agency_kind")) for each in said}
    agencies = {each.get("excludes_agency", each.get("agency_id")) for each in said}
    return row["kind"] in kinds or row["agency"] in agencies
