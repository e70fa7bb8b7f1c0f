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

from jwcrypto import jwe, jwk, jws

from gateway.client import Response

ALGS = ["ES256", "ECDH-ES+A256KW", "A256GCM"]


def b64u(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


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


class Counterpart:
    """One gateway with one registered agency."""

    def __init__(
        self, base_url: str, agency: str, keys: list[Mapping[str, Any]], now: Callable[[], int]
    ) -> None:
        self.base_url, self.agency, self.now = base_url, agency, now
        self.agency_keys = {key["use"]: dict(key) for key in keys}
        self.signing, self.encryption = Pair("sig"), Pair("enc")
        self.idva, self.police = Pair("enc"), Pair("enc")
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
            public = [self.signing.public, self.encryption.public]
            return 200, "application/json", json.dumps({"keys": public})
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
