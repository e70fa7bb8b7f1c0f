"""Owns how a request and its answer are sealed, opened, repeated and read."""

from __future__ import annotations

import json
import secrets
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from gateway.client.access import Access, ProblemError
from gateway.client.config import AgencyKeys
from gateway.client.http import Response, Send
from gateway.client.watch import Errands
from gateway.errors import Unavailable, Undecipherable
from gateway.schemas.codes import Scope
from gateway.schemas.protected import Protected, shield_section
from gateway.sealing import envelopes, jose, outgoing
from gateway.sealing.outgoing import Check

TRIES, PAUSE = 3, 0.5  # times; seconds, doubled each time
STATEMENT = "marac-witness+jws"
LONGEST = 60  # seconds that we wait where the gateway says for how long
LIFE = 300  # seconds that a sealed document is good for
KEYS_LIFE = 3600  # seconds that the gateway's public keys are taken for granted


class Exchange:
    """Speaks to one gateway as one agency; keeps tokens and the gateway's public keys."""

    def __init__(
        self,
        send: Send,
        *,
        base_url: str,
        agency_id: str,
        keys: AgencyKeys,
        worker: str | None,
        clock: Callable[[], datetime],
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._access = Access(
            send,
            base_url=base_url,
            agency_id=agency_id,
            signing_key=keys.signing,
            signing_kid=keys.signing_kid,
            worker=worker,
            clock=clock,
        )
        self._keys, self._pause = keys, pause
        self._public: list[dict[str, Any]] | None = None
        self._read_again_at = 0

    def submit(
        self,
        path: str,
        form_file: Mapping[str, Any],
        scope: Scope,
        key: str | None,
        checker: Callable[[], Check],
    ) -> tuple[str, dict[str, Any]]:
        """Send a form file, its sections sealed; return the receipt and what it says.

        `checker` gives what refuses a key that the access log does not show.
        """
        key = key or str(uuid.uuid4())
        document, plain = form_file["document"], form_file.get("sealed") or {}
        sealed: list[dict[str, Any]] = []
        if plain:
            question = outgoing.preview_question(document)
            offered = self.post("/v1/routing/preview", question, Scope.REFERRALS_WRITE)
            sealed = outgoing.seal_sections(
                document, plain, offered, key=key, secret=self._keys.secret, check=checker()
            )
        extra = {"sealed": sealed} if sealed else {}
        answer = self._repeat(
            lambda: self._post_document(path, form_file["form"], document, scope, key, extra)
        )
        token = answer.body.decode("ascii", errors="replace")
        return token, self._read_receipt(token)

    def send_sealed(
        self,
        path: str,
        form: str,
        document: Mapping[str, Any],
        scope: Scope,
        *,
        sealed: Sequence[Mapping[str, Any]] = (),
        key: str | None = None,
    ) -> Any:
        """Send a signed and encrypted document, with sections that are sealed already."""
        key, extra = key or str(uuid.uuid4()), {"sealed": list(sealed)} if sealed else {}
        return self._read(
            self._repeat(lambda: self._post_document(path, form, document, scope, key, extra))
        )

    def _post_document(
        self,
        path: str,
        form: str,
        document: Mapping[str, Any],
        scope: Scope,
        key: str,
        extra: Mapping[str, Any],
    ) -> Response:
        """Seal anew for each try: a document is good once and for minutes, a key for ever."""
        now = self._access.now()
        claims: dict[str, Any] = {
            "iss": self._access.agency_id,
            "aud": self._access.base_url,
            "iat": now,
            "exp": now + LIFE,
            "jti": secrets.token_urlsafe(16),
            "form": form,
            "document": document,
            **extra,
        }
        if self._access.worker is not None:
            claims["worker"] = self._access.worker
        to = next((jwk for jwk in self._gateway_keys() if jwk.get("use") == "enc"), None)
        if to is None:
            raise Unavailable("The gateway publishes no key to seal to.")
        body = envelopes.seal_document(
            claims=claims,
            signing_key=self._keys.signing,
            signing_kid=self._keys.signing_kid,
            recipient_jwk=to,
            recipient_kid=to["kid"],
        )
        headers = {"Content-Type": "application/jose", "Idempotency-Key": key}
        return self._access.call(scope, "POST", path, headers=headers, body=body.encode())

    def post(self, path: str, body: Mapping[str, Any], scope: Scope) -> Any:
        """Send a plain body of codes and ids."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
        data = json.dumps(body, ensure_ascii=False).encode()
        return self._read(
            self._repeat(lambda: self._access.call(scope, "POST", path, headers=headers, body=data))
        )

    def get(self, path: str, scope: Scope, **query: str | None) -> Any:
        """Read; what is sealed or signed comes back opened and verified."""
        return self._read(self._repeat(lambda: self._access.call(scope, "GET", path, query=query)))

    def errands(self) -> Errands:
        """Return what watching the log takes of this connection."""
        return Errands(
            fetch=self._access.fetch,
            post=lambda path, body: self.post(path, body, Scope.LOG_READ),
            state=self._state,
            now=self._access.now,
        )

    def _state(self, claims: Mapping[str, Any]) -> str:
        data = json.dumps(claims).encode()
        return jose.sign(data, self._keys.signing, self._keys.signing_kid, STATEMENT)

    def _repeat(self, once: Callable[[], Response]) -> Response:
        """Try again while the gateway is away; a stored answer then comes back unchanged."""
        for attempt in range(TRIES - 1):
            try:
                return once()
            except Unavailable:
                self._pause(PAUSE * 2**attempt)
            except ProblemError as problem:
                if problem.status == 429 and problem.wait is not None and problem.wait <= LONGEST:
                    self._pause(problem.wait)
                elif problem.code == "in_progress":
                    self._pause(PAUSE * 2**attempt)
                else:
                    raise
        return once()

    def _read(self, answer: Response) -> Any:
        if answer.status == 204 or not answer.body:
            return None
        if answer.media_type == "application/jose":
            return self.open_sealed(answer.body.decode("ascii", errors="replace"))
        if answer.media_type == "application/json":
            return json.loads(answer.body)
        if answer.media_type.startswith("text/"):
            return answer.body.decode("utf-8")
        return answer.body

    def open_sealed(self, token: str) -> dict[str, Any]:
        """Open and verify what the gateway sealed to this agency, or signed for it."""
        if token.count(".") == 2:
            return self._read_receipt(token)
        return self._by_gateway(
            lambda verify_keys: envelopes.open_disclosure(
                token,
                decrypt_keys=self._keys.opening,
                verify_keys=verify_keys,
                audience=self._access.agency_id,
                issuer=self._access.base_url,
            )
        )

    def open_enrolment(self, token: str, typ: str = "marac-enrolment+jwe") -> dict[str, Any]:
        """Open what the gateway made for this agency alone, unsigned.

        The answer to its enrolment has its key for recognising its log entries.
        """
        return open_enrolment(token, self._keys, self._access.agency_id, typ)

    def _read_receipt(self, token: str) -> dict[str, Any]:
        return self._by_gateway(
            lambda verify_keys: envelopes.verify_receipt(
                token,
                verify_keys,
                audience=self._access.agency_id,
                issuer=self._access.base_url,
            )
        )

    def seal_again(
        self, item: Mapping[str, Any], agency: str, jwk: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Seal what this agency's copy of a section says for another agency, byte for byte."""
        held = self._keys.opening
        return envelopes.reseal_section(item, self._access.agency_id, held, agency, jwk)

    def open_sections(self, items: list[Any]) -> dict[str, Protected]:
        """Open the sections that other agencies sealed to this one; they have no text form."""
        held = self._keys.opening
        mine = self._access.agency_id
        return {
            item["section"]: shield_section(
                item["section"], envelopes.open_section(item, mine, held)
            )
            for item in items
        }

    def _by_gateway(
        self, opened: Callable[[Mapping[str, jose.Key]], dict[str, Any]]
    ) -> dict[str, Any]:
        """Verify with the keys of the gateway; if it changed them meanwhile, with those of now."""
        known = self._verify_keys()
        try:
            return opened(known)
        except Undecipherable:
            self._public = None
            newer = self._verify_keys()
            if newer.keys() == known.keys():
                raise
        return opened(newer)

    def _gateway_keys(self) -> list[dict[str, Any]]:
        """The gateway's public keys; asked for again after an hour, since it exchanges them."""
        if self._public is None or self._access.now() >= self._read_again_at:
            read = self._access.read_public("jwks_uri")
            listed = read.get("keys") if isinstance(read, dict) else None
            self._public = [jwk for jwk in listed or () if isinstance(jwk, dict)]
            self._read_again_at = self._access.now() + KEYS_LIFE
        return self._public

    def _verify_keys(self) -> dict[str, jose.Key]:
        signing = [jwk for jwk in self._gateway_keys() if jwk.get("use") == "sig"]
        return {jwk["kid"]: jose.import_public(jwk, "sig") for jwk in signing}


def open_enrolment(
    token: str, keys: AgencyKeys, agency_id: str, typ: str = "marac-enrolment+jwe"
) -> dict[str, Any]:
    """Open the answer to an agency's enrolment: {"agency", "log_key"}.

    :raises Undecipherable: if it is not for this agency.
    """
    plain = jose.decrypt(token, keys.opening, typ=typ, cty="json").plaintext
    answer = json.loads(plain)
    if not isinstance(answer, dict) or answer.get("agency") != agency_id:
        raise Undecipherable("The answer is to another agency.")
    return answer
