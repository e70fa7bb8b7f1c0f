"""A small gateway that shares no code with ours: what a client must get right to be heard.

Built on jwcrypto. It checks every assertion, proof and envelope by the published rules, and keeps
what it was sent so that a test can look at it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwcrypto import jwe, jwk, jws

from gateway.client import Response

ALGS = ["ES256", "ECDH-ES+A256KW", "A256GCM"]


def b64u(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def std(data: bytes) -> str:
    return base64.b64encode(data).decode()


class Refused(Exception):
    def __init__(self, status: int, code: str, **headers: str) -> None:
        super().__init__(code)
        self.status, self.code, self.headers = status, code, headers


class Pair:
    """A key pair in jwcrypto's hands."""

    def __init__(self, use: str) -> None:
        alg = "ES256" if use == "sig" else "ECDH-ES+A256KW"
        self.key = jwk.JWK.generate(kty="EC", crv="P-256", use=use, alg=alg)
        self.key.update(kid=self.key.thumbprint())
        self.kid: str = self.key["kid"]
        self.public: dict[str, Any] = self.key.export_public(as_dict=True)

    def sign(self, claims: Any, typ: str, **header: Any) -> str:
        made = jws.JWS(json.dumps(claims).encode())
        head = {"alg": "ES256", "kid": self.kid, "typ": typ, **header}
        made.add_signature(self.key, None, json.dumps(head))
        return str(made.serialize(compact=True))


def read_signed(token: str, key: jwk.JWK, typ: str) -> dict[str, Any]:
    made = jws.JWS()
    made.allowed_algs = ALGS
    made.deserialize(token, key)
    assert made.jose_header["typ"] == typ
    return dict(json.loads(made.payload))


def seal(text: str, public: Mapping[str, Any], typ: str, cty: str) -> str:
    head = {"alg": ALGS[1], "enc": ALGS[2], "kid": public["kid"], "typ": typ, "cty": cty}
    made = jwe.JWE(text.encode(), json.dumps(head), algs=ALGS)
    made.add_recipient(jwk.JWK(**public))
    return str(made.serialize(compact=True))


def unseal(token: str, key: jwk.JWK, typ: str) -> str:
    made = jwe.JWE(algs=ALGS)
    made.deserialize(token, key)
    assert made.jose_header["typ"] == typ
    return bytes(made.payload).decode()


def hashed(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


class Log:
    """An access log that holds what became of agencies' keys, written from RFC 6962 and C2SP."""

    def __init__(self) -> None:
        self.key = Ed25519PrivateKey.generate()
        public = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.name = f"log/{public.hex()[:8]}"
        ident = hashed(self.name.encode(), b"\n\x01", public)[:4]
        self.ident = ident
        self.verifier = "+".join((self.name, ident.hex(), std(b"\x01" + public)))
        self.leaves: list[bytes] = []
        self.events: list[dict[str, Any]] = []

    def add(self, agency: str, public: Mapping[str, Any], kind: str = "IDVA") -> None:
        """Announce a key to encrypt to."""
        before = self.events[-1]["commitment"] if self.events else ""
        material = {n: public[n] for n in ("crv", "kty", "x", "y")}
        text = json.dumps(material, sort_keys=True, separators=(",", ":"))
        facts = {
            "number": len(self.events) + 1,
            "previous": before,
            "agency": agency,
            "kid": public["kid"],
            "use": "enc",
            "thumbprint": b64u(hashed(text.encode())),
            "kind": kind,
            "custody": "OWN",
            "valid_from": "2026-01-01T00:00:00Z",
            "valid_until": None,
        }
        record = {"t": "2026-01-01T00:00:00Z", "event": "agency-key.added", "facts": facts}
        self.append({**record, "agency": "@operator"}, agency, public["kid"])

    def append(self, record: Mapping[str, Any], agency: str, kid: str | None) -> None:
        """Put a record into the log, as one of the published ones."""
        salt, text = secrets.token_bytes(16), json.dumps(record)
        commitment = b64u(hashed(salt, text.encode()))
        leaf = json.dumps({"commit": commitment, "tag": b64u(secrets.token_bytes(32)), "v": 1})
        event = {"number": len(self.events) + 1, "agency": agency, "kid": kid, "record": text}
        place = {"salt": b64u(salt), "commitment": commitment, "index": len(self.leaves)}
        self.events.append({**event, **place, "leaf": b64u(leaf.encode())})
        self.leaves.append(hashed(b"\0", leaf.encode()))

    def checkpoint(self) -> str:
        root = self.root(self.leaves) if self.leaves else hashed()
        text = f"{self.name}\n{len(self.leaves)}\n{std(root)}\n"
        signature = std(self.ident + self.key.sign(text.encode()))
        return f"{text}\n\u2014 {self.name} {signature}\n"

    def history(self, after: int) -> dict[str, Any]:
        shown = [{**e, "proof": self.path(e["index"], self.leaves)} for e in self.events[after:]]
        note, size = self.checkpoint(), len(self.leaves)
        return {"events": shown, "more": False, "size": size, "checkpoint": note}

    def root(self, leaves: list[bytes]) -> bytes:
        if len(leaves) == 1:
            return leaves[0]
        left, right = self.halves(leaves)
        return hashed(b"\1", self.root(left), self.root(right))

    def path(self, index: int, leaves: list[bytes]) -> list[str]:
        if len(leaves) == 1:
            return []
        left, right = self.halves(leaves)
        if index < len(left):
            return [*self.path(index, left), b64u(self.root(right))]
        return [*self.path(index - len(left), right), b64u(self.root(left))]

    @staticmethod
    def halves(leaves: list[bytes]) -> tuple[list[bytes], list[bytes]]:
        middle = 1 << (len(leaves) - 1).bit_length() - 1
        return leaves[:middle], leaves[middle:]


class Counterpart:
    """One gateway with one registered agency."""

    def __init__(
        self, base_url: str, agency: str, keys: list[Mapping[str, Any]], now: Callable[[], int]
    ) -> None:
        self.base_url, self.agency, self.now = base_url, agency, now
        self.agency_keys = {key["use"]: dict(key) for key in keys}
        self.signing, self.encryption = Pair("sig"), Pair("enc")
        self.published = [self.signing.public, self.encryption.public]
        self.idva, self.police = Pair("enc"), Pair("enc")
        self.log = Log()
        for name, pair in (("idva", self.idva), ("police", self.police)):
            self.log.add(name, pair.public, name.upper())
        self.tokens: dict[str, dict[str, Any]] = {}
        self.seen: set[str] = set()
        self.nonce = secrets.token_hex(4)
        self.asked: list[tuple[str, str]] = []
        self.documents: list[dict[str, Any]] = []
        self.answers: dict[str, tuple[str, str]] = {}
        self.bodies: list[bytes] = []
        self.faults: list[str] = []
        self.issuer, self.audience = base_url, agency

    # --- as a sender --------------------------------------------------------------------------

    def __call__(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Response:
        path = url.removeprefix(self.base_url)
        self.asked.append((method, path.partition("?")[0]))
        fault = self.faults.pop(0) if self.faults and path.startswith("/v1") else None
        if fault == "away":
            return Response(503, {}, b"")
        try:
            status, media, answer = self.route(method, path, headers, body or b"")
        except Refused as refused:
            told = {"code": refused.code, "error": refused.code, "status": refused.status}
            told["errors"] = [{"code": "missing", "pointer": "/victim/dob", "detail": "x"}]
            sent = {"content-type": "application/problem+json", **refused.headers}
            return Response(refused.status, sent, json.dumps(told).encode())
        if fault == "answer lost":
            return Response(504, {}, b"")
        return Response(status, {"content-type": media}, answer.encode())

    def route(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, str, str]:
        bare, _, query = path.partition("?")
        if bare == "/.well-known/oauth-authorization-server":
            return 200, "application/json", json.dumps(self.metadata())
        if bare == "/.well-known/jwks.json":
            return 200, "application/json", json.dumps({"keys": self.published})
        if bare == "/oauth/token":
            return 200, "application/json", json.dumps(self.give_token(headers, body))
        if bare.startswith("/log/"):  # this one shows nothing of a log
            raise Refused(404, "not_found")
        return self.serve(method, bare, query, headers, body)

    def serve(
        self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, str, str]:
        scope = self.check_token(method, path, headers)
        name = f"{method} {path}"
        if name == "POST /v1/routing/preview":
            assert scope == "referrals:write"
            self.bodies.append(body)
            return 200, "application/json", json.dumps({"recipients": self.recipients()})
        if name == "GET /v1/log/checkpoint":
            told = {"checkpoint": self.log.checkpoint(), "verifiers": [self.log.verifier]}
            return 200, "application/json", json.dumps(told)
        if name == "GET /v1/directory/keys":
            history = self.log.history(int(parse_qs(query)["after"][0]))
            return 200, "application/json", json.dumps(history)
        if name == "POST /v1/referrals":
            assert scope == "referrals:write"
            return 201, "application/jose", self.take(headers, body)
        if name == "GET /v1/cases":
            return 200, "application/json", json.dumps(self.feed(query))
        if path.startswith("/v1/cases/") and method == "GET":
            return 200, "application/jose", self.disclose(parse_qs(query)["purpose"][0])
        if path.endswith("/acknowledgement"):
            self.bodies.append(body)
            return 204, "", ""
        raise Refused(404, "not_found")

    # --- rules ----------------------------------------------------------------------------------

    def metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "token_endpoint": f"{self.base_url}/oauth/token",
            "jwks_uri": f"{self.base_url}/.well-known/jwks.json",
        }

    def give_token(self, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        jkt = self.check_proof("POST", "/oauth/token", headers, None)
        form = dict(parse_qsl(body.decode(), strict_parsing=True))
        assert form["grant_type"] == "client_credentials"
        assert form["client_assertion_type"].endswith("jwt-bearer")
        key = jwk.JWK(**self.agency_keys["sig"])
        claims = read_signed(form["client_assertion"], key, "JWT")
        assert claims["iss"] == claims["sub"] == self.agency
        assert claims["aud"] == self.base_url
        assert claims["iat"] <= self.now() < claims["exp"] <= claims["iat"] + 60
        self.use(claims["jti"])
        token = secrets.token_urlsafe(20)
        self.tokens[token] = {
            "jkt": jkt,
            "scope": form["scope"],
            "until": self.now() + 300,
            "worker": claims.get("worker"),
        }
        return {"access_token": token, "token_type": "DPoP", "expires_in": 300}

    def check_token(self, method: str, path: str, headers: Mapping[str, str]) -> str:
        kind, _, token = headers["Authorization"].partition(" ")
        assert kind == "DPoP"
        held = self.tokens.get(token)
        if held is None or held["until"] <= self.now():
            raise Refused(401, "invalid_token")
        assert self.check_proof(method, path, headers, token) == held["jkt"]
        return str(held["scope"])

    def check_proof(
        self, method: str, path: str, headers: Mapping[str, str], token: str | None
    ) -> str:
        proof = headers["DPoP"]
        made = jws.JWS()
        made.allowed_algs = ALGS
        made.deserialize(proof)
        head = made.jose_header
        assert set(head) == {"alg", "typ", "jwk"}
        assert set(head["jwk"]) == {"kty", "crv", "x", "y"}
        key = jwk.JWK(**head["jwk"])
        claims = read_signed(proof, key, "dpop+jwt")
        assert (claims["htm"], claims["htu"]) == (method, self.base_url + path)
        assert self.now() - 60 <= claims["iat"] <= self.now() + 10
        self.use(claims["jti"])
        if token is not None:
            assert claims["ath"] == b64u(hashlib.sha256(token.encode()).digest())
        if claims.get("nonce") != self.nonce:
            raise Refused(400 if token is None else 401, "use_dpop_nonce", **self.nonce_header())
        return str(key.thumbprint())

    def nonce_header(self) -> dict[str, str]:
        return {"dpop-nonce": self.nonce}

    def use(self, jti: str) -> None:
        assert len(jti) >= 16
        assert jti not in self.seen
        self.seen.add(jti)

    def recipients(self) -> list[dict[str, Any]]:
        both = ["protected_address", "safe_contact"]
        return [
            {"agency": "idva", "kind": "IDVA", "sections": both, "key": self.idva.public},
            {
                "agency": "police",
                "kind": "POLICE",
                "sections": both[:1],
                "key": self.police.public,
            },
        ]

    def take(self, headers: Mapping[str, str], body: bytes) -> str:
        self.bodies.append(body)
        assert headers["Content-Type"] == "application/jose"
        signed = unseal(body.decode(), self.encryption.key, "marac-envelope+jwe")
        claims = read_signed(signed, jwk.JWK(**self.agency_keys["sig"]), "marac-document+jws")
        assert claims["iss"] == self.agency
        assert claims["aud"] == self.base_url
        assert claims["iat"] <= self.now() < claims["exp"] <= claims["iat"] + 900
        assert set(claims.pop("pad")) <= {"0"}
        self.use(claims["jti"])
        self.documents.append(claims)
        content = json.dumps(
            [claims["document"], [item["digest"] for item in claims.get("sealed", [])]],
            sort_keys=True,
        )
        key = headers["Idempotency-Key"]
        known, answer = self.answers.get(key, (content, ""))
        if known != content:
            raise Refused(409, "idempotency_key_reused")
        if not answer:
            told = {"iss": self.base_url, "aud": self.audience, "sub": "7K3MQ-2XF8A-C"}
            answer = self.signing.sign({**told, "level": "HIGH"}, "marac-receipt+jws")
            self.answers[key] = (content, answer)
        return answer

    def feed(self, query: str) -> dict[str, Any]:
        item = {"reference": "7K3MQ-2XF8A-C", "kind": "ASSIGNED", "level": "HIGH"}
        items = [{**item, "state": "TRIAGE", "at": "2026-11-20T12:00:00Z"}]
        return {"items": items, "next": f"after-{query}", "more": False}

    def disclose(self, purpose: str) -> str:
        encryption = self.agency_keys["enc"]
        content = json.dumps({"channels": [], "salt": b64u(b"s" * 16)})
        item = {
            "section": "safe_contact",
            "digest": b64u(hashlib.sha256(content.encode()).digest()),
            "recipients": [
                {
                    "agency": self.agency,
                    "kid": encryption["kid"],
                    "jwe": seal(content, encryption, "marac-section+jwe", "json"),
                }
            ],
        }
        claims = {
            "iss": self.base_url,
            "aud": self.audience,
            "document": {"purpose": purpose, "sealed": [item]},
            "pad": "000",
        }
        signed = self.signing.sign(claims, "marac-disclosure+jws")
        return seal(signed, encryption, "marac-envelope+jwe", "JWT")


@contextmanager
def served(counterpart: Counterpart, server: ThreadingHTTPServer) -> Iterator[None]:
    """Serve a counterpart over HTTP on loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            headers = {name.title(): value for name, value in self.headers.items()}
            headers["DPoP"] = headers.pop("Dpop", "")
            url = counterpart.base_url + urlsplit(self.path).geturl()
            given = counterpart(self.command, url, headers, self.rfile.read(length))
            self.send_response(given.status)
            for name, value in given.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(given.body)))
            self.end_headers()
            self.wfile.write(given.body)

        do_GET = do_POST = answer  # noqa: N815 - the names of http.server

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            return

    server.RequestHandlerClass = Handler
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
