"""Owns what is sent in a run: seeded invented people, sealed referrals, tokens and proofs."""

from __future__ import annotations

import copy
import hashlib
import json
import random
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.service import BASE_URL, NOW
from gateway.api import dpop
from gateway.client.config import AgencyKeys
from gateway.sealing import envelopes, jose
from gateway.sealing.keys import Keys

EXAMPLE = Path(__file__).parent.parent / "examples" / "c1.json"
LIFE = 300
KEY = "Idempotency-Key"
_HARD, _SOFT = "bdfghjklmnprstvw", "aeiou"


@dataclass(frozen=True, slots=True)
class Packet:
    """One request as it goes over the wire."""

    method: str
    path: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)
    query: str = ""

    @property
    def key(self) -> str:
        """The Idempotency-Key."""
        return self.headers[KEY]


def documents(seed: int) -> Iterator[dict[str, Any]]:
    """Referral documents of about 9 KB, each about other people: no two are linked."""
    chance = random.Random(seed)
    model = json.loads(EXAMPLE.read_text(encoding="utf-8"))["document"]
    _trim(model)
    while True:
        yield _people(copy.deepcopy(model), chance)


def _trim(document: dict[str, Any]) -> None:
    """To the size of the yardstick: 24 answers, two children, one perpetrator, 8.5 to 9 KB."""
    document["incidents"] = document["incidents"][:1]
    document["household"] = {"others": [], "vulnerable_adults": [], "animals": []}
    document["victim"]["contact"] = {"absent": "UNKNOWN"}
    document["referral"]["rationale"] = document["referral"]["rationale"][:240]
    document["victim"]["previous_addresses"] = []
    document["referral"]["attachments"] = []
    for name in ("finances", "occupation", "employer"):
        del document["victim"][name]
    for assessment in document["risk_assessments"]["value"]:
        for answer in assessment["answers"]:
            answer.pop("comment", None)
            answer.pop("subitem_values", None)


def _people(document: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    victim, (perpetrator,) = document["victim"], document["perpetrators"]
    house = f"{chance.randrange(1, 999)} {_name(chance)} Court"
    victim |= {
        "given_names": _name(chance),
        "family_name": _name(chance),
        "aliases": [_name(chance)],
        "former_names": [],
        "spelling_variants": [_name(chance)],
        "dob": {"value": _day(chance, 1950, 2005)},
        "nhs_number": _nhs_number(chance),
    }
    perpetrator |= {
        "given_names": _name(chance),
        "family_name": _name(chance),
        "aliases": [_name(chance)],
        "dob": _day(chance, 1950, 2005),
        "phones": [f"07700 9{chance.randrange(100_000):05}"],
    }
    victim["address"]["value"]["lines"] = perpetrator["addresses"][0]["lines"] = [house]
    for child in document["children"]:
        child |= {"given_names": _name(chance), "family_name": victim["family_name"]}
        child["dob"] = {"value": _day(chance, 2012, 2025)}
    document["referrer"]["case_ref"] = f"B-{chance.randrange(10**9):09}"
    return document


def _name(chance: random.Random) -> str:
    parts = (chance.choice(_HARD) + chance.choice(_SOFT) for _ in range(5))
    return "".join(parts).capitalize()


def _day(chance: random.Random, first: int, last: int) -> str:
    year, month, day = (chance.randrange(*span) for span in ((first, last), (1, 13), (1, 29)))
    return f"{year}-{month:02}-{day:02}"


def _nhs_number(chance: random.Random) -> str:
    """Nine digits of the range 999 that nobody holds, and their check digit (modulus 11)."""
    while True:
        digits = f"999{chance.randrange(10**6):06}"
        total = sum(int(d) * weight for d, weight in zip(digits, range(10, 1, -1), strict=True))
        check = (11 - total % 11) % 11
        if check != 10:
            return f"{digits}{check}"


class Sender:
    """One agency's client: makes requests that are complete but for being sent."""

    def __init__(self, agency_id: str, agency: AgencyKeys, gateway: Keys, worker: str) -> None:
        self.agency_id, self.agency = agency_id, agency
        self._gateway, self._worker = gateway, worker
        made = jose.new_private("sig")
        self._proof_key = jose.import_private(made, "sig")
        self._jwk = {name: made[name] for name in ("kty", "crv", "x", "y")}
        self._jkt = jose.thumbprint(made)
        self._held: dict[str, str] = {}

    def referral(self, document: Mapping[str, Any]) -> Packet:
        """A referral, sealed, under a token of its own: who refers once a week holds no token."""
        headers = {
            "Content-Type": "application/jose",
            KEY: str(uuid.uuid4()),
            **self._proven("POST", "/v1/referrals", self.token("referrals:write")),
        }
        return Packet("POST", "/v1/referrals", headers, self.seal(document).encode())

    def read(self, path: str, scope: str, query: str = "") -> Packet:
        """A reading, under a token that lasts for many."""
        token = self._held.setdefault(scope, self.token(scope))
        return Packet("GET", path, self._proven("GET", path, token), query=query)

    def seal(self, document: Mapping[str, Any]) -> str:
        """Sign and encrypt a referral for the gateway."""
        now = int(NOW.timestamp())
        to = self._gateway.encryption.public[0]
        return envelopes.seal_document(
            claims={
                "iss": self.agency_id,
                "aud": BASE_URL,
                "iat": now,
                "exp": now + LIFE,
                "jti": _jti(),
                "worker": self._worker,
                "form": "referral/1",
                "document": document,
            },
            signing_key=self.agency.signing,
            signing_kid=self.agency.signing_kid,
            recipient_jwk=to,
            recipient_kid=str(to["kid"]),
        )

    def token(self, scope: str) -> str:
        """An access token as the gateway issues it, bound to this sender's key."""
        now = int(NOW.timestamp())
        claims = {
            "iss": BASE_URL,
            "sub": self.agency_id,
            "client_id": self.agency_id,
            "aud": BASE_URL,
            "iat": now,
            "exp": now + LIFE,
            "jti": _jti(),
            "scope": scope,
            "cnf": {"jkt": self._jkt},
            "key": self.agency.signing_kid,
            "worker": self._worker,
        }
        own = self._gateway.token
        return jose.sign(json.dumps(claims).encode(), own.key, own.kid, "at+jwt")

    def _proven(self, method: str, path: str, token: str) -> dict[str, str]:
        claims = {
            "htm": method,
            "htu": BASE_URL + path,
            "iat": int(NOW.timestamp()),
            "jti": _jti(),
            "ath": jose.b64u(hashlib.sha256(token.encode()).digest()),
            "nonce": dpop.nonce(dpop.nonce_key(self._gateway.cursor), NOW),
        }
        header = {"typ": "dpop+jwt", "jwk": self._jwk}
        proof = jose.sign_with(json.dumps(claims).encode(), self._proof_key, header)
        return {"Authorization": f"DPoP {token}", "DPoP": proof}


def _jti() -> str:
    return uuid.uuid4().hex
