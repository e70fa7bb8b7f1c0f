"""Owns what an agency's program does with the gateway: refer, list, pull, acknowledge, and more."""

from __future__ import annotations

import hmac
import logging
import time
import uuid
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import rfc8785

from gateway.client.access import ProblemError
from gateway.client.config import AgencyKeys
from gateway.client.exchange import Exchange
from gateway.client.http import Send
from gateway.client.verify import Unreadable, base64url
from gateway.client.witness import Forked, Witness
from gateway.errors import Unavailable, Undecipherable
from gateway.schemas.codes import Purpose, Scope
from gateway.sealing import jose

log = logging.getLogger(__name__)

ENROLMENT = "marac-enrolment+jwe"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the gateway said to a document, signed by it; keep `token` as evidence."""

    token: str
    claims: Mapping[str, Any] = field(repr=False)

    @property
    def reference(self) -> str:
        """The reference under which the case is asked for."""
        return str(self.claims.get("sub", ""))


@dataclass(frozen=True, slots=True)
class Pulled:
    """What this agency may know of a case, and the sealed sections that its own key opened."""

    claims: Mapping[str, Any] = field(repr=False)  # with receipt and log commitment
    document: Mapping[str, Any] = field(repr=False)
    sealed: Mapping[str, Any] = field(repr=False)  # section -> content


class Gateway:
    """An agency's connection to one gateway; for one thread at a time.

    Every method raises `ProblemError` for a refusal, `Unavailable` if there is no answer, and
    `Undecipherable` if an answer is not by the gateway or not for this agency.
    """

    def __init__(
        self,
        send: Send,
        *,
        base_url: str,
        agency_id: str,
        keys: AgencyKeys,
        worker: str | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._secret = keys.secret
        self._exchange = Exchange(
            send,
            base_url=base_url,
            agency_id=agency_id,
            keys=keys,
            worker=worker,
            clock=clock,
            pause=pause,
        )
        self.witness = Witness(
            keys.folder,
            verifiers=lambda: _texts(self._log(), "verifiers"),
            prove=lambda old, new: _steps(self.log_growth(old, new)),
        )

    # --- a referral -----------------------------------------------------------------------------

    def refer(self, form_file: Mapping[str, Any], *, idempotency_key: str | None = None) -> Receipt:
        """Send a form file and return the verified receipt.

        Sections under `sealed` are sealed here to the agencies that the gateway names, so that
        the gateway cannot read them. A lost answer is asked for again under the same key; pass
        `idempotency_key` (a UUID, such as `key_for` gives) to be safe across restarts too.
        """
        return self._submit("/v1/referrals", form_file, idempotency_key)

    def resubmit(
        self, ref: str, form_file: Mapping[str, Any], *, idempotency_key: str | None = None
    ) -> Receipt:
        """Send a corrected version of a referral that was returned."""
        path = f"/v1/referrals/{_part(ref)}/versions"
        return self._submit(path, form_file, idempotency_key)

    def assess(self, ref: str, document: Mapping[str, Any]) -> Any:
        """Send a further risk assessment."""
        path = f"/v1/referrals/{_part(ref)}/risk-assessments"
        return self._exchange.send_sealed(path, "risk-assessment/1", document, Scope.RISK_WRITE)

    def withdraw(self, ref: str, reason: str) -> Any:
        """Ask to take a referral back."""
        path = f"/v1/referrals/{_part(ref)}/withdrawal"
        return self._exchange.post(path, {"reason": reason}, Scope.REFERRALS_WRITE)

    def referral(self, ref: str, purpose: str = "P1") -> Any:
        """Return one's own referral: document, status, feedback."""
        path = f"/v1/referrals/{_part(ref)}"
        return _document(self._exchange.get(path, Scope.REFERRALS_READ, purpose=purpose))

    def referrals(self, cursor: str | None = None) -> Any:
        """Return one's own referrals."""
        return self._exchange.get("/v1/referrals", Scope.REFERRALS_READ, cursor=cursor)

    def key_for(self, form_file: Mapping[str, Any]) -> str:
        """Return the idempotency key that belongs to exactly this content, for this agency."""
        mac = hmac.digest(self._secret, rfc8785.dumps(dict(form_file)), "sha256")
        return str(uuid.UUID(bytes=mac[:16], version=4))

    # --- a case -----------------------------------------------------------------------------------

    def list_cases(self, cursor: str | None = None) -> Any:
        """Return what is new for this agency since the cursor.

        :raises Forked: if the log contradicts what it showed this agency before.
        """
        listed = self._exchange.get("/v1/cases", Scope.CASES_READ, cursor=cursor)
        self._watch(listed)
        return listed

    def pull(self, ref: str, purpose: str = "P2") -> Pulled:
        """Return what this agency may know of a case for a purpose (P1 to P11).

        Without one it is P2, the victim's safety plan.

        :raises Forked: if the log contradicts what it showed this agency before; `pulled` of it
            holds the case all the same, since a life may hang on it.
        """
        answer = self._exchange.get(f"/v1/cases/{_part(ref)}", Scope.CASES_READ, purpose=purpose)
        document = _document(answer)
        items = document.get("sealed", [])
        pulled = Pulled(answer, document, self._exchange.open_sections(items))
        try:
            self._watch(answer.get("log"))
        except Forked as fork:
            fork.pulled = pulled
            raise
        return pulled

    def acknowledge(self, ref: str, outcome: str, reason: str | None = None) -> Any:
        """Answer to an assigned case: ACCEPTED or DECLINED."""
        body = {"outcome": outcome} | ({"reason": reason} if reason is not None else {})
        return self._exchange.post(
            f"/v1/cases/{_part(ref)}/acknowledgement", body, Scope.CASES_WRITE
        )

    def record_position(self, ref: str, document: Mapping[str, Any]) -> Any:
        """Record the victim's position on sharing, as it is now."""
        path = f"/v1/cases/{_part(ref)}/positions"
        return self._exchange.send_sealed(path, "position/1", document, Scope.CASES_WRITE)

    def decide(self, ref: str, document: Mapping[str, Any]) -> Any:
        """Decide on a referral, as the coordinator."""
        path = f"/v1/cases/{_part(ref)}/decisions"
        return self._exchange.send_sealed(path, "decision/1", document, Scope.CASES_WRITE)

    def access(self, ref: str) -> Any:
        """Return who read what this agency contributed to a case."""
        path = f"/v1/cases/{_part(ref)}/access"
        return _document(self._exchange.get(path, Scope.LOG_READ, purpose=Purpose.P10))

    def explain(self, ref: str, agency: str, purpose: str) -> Any:
        """Return what an agency would see of a case, and which rule decides."""
        path = f"/v1/cases/{_part(ref)}/explain"
        return self._exchange.get(path, Scope.CASES_READ, agency=agency, purpose=purpose)

    # --- a conference -----------------------------------------------------------------------------

    def create_conference(self, body: Mapping[str, Any]) -> Any:
        """Create a conference, as the coordinator."""
        return self._exchange.post("/v1/conferences", body, Scope.CONFERENCE_WRITE)

    def list_case(self, conference: str, ref: str) -> Any:
        """List a case to a conference."""
        path = f"/v1/conferences/{_part(conference)}/cases"
        return self._exchange.post(path, {"reference": ref}, Scope.CONFERENCE_WRITE)

    def agenda(
        self, conference: str, *, form: str = "json", purpose: str = "P9"
    ) -> Mapping[str, Any] | str | bytes:
        """Return the agenda as this agency may see it: "json" data, an "html" page, or "pdf"."""
        path = f"/v1/conferences/{_part(conference)}/agenda"
        query = {"format": form, "purpose": purpose}
        return paper(self._exchange.get(path, Scope.CONFERENCE_READ, **query))

    def open_file(self, sealed: str) -> Mapping[str, Any] | str | bytes:
        """Return what is in a sealed file that the gateway's operator made for this agency.

        That is a paper, or the answer to an enrolment: {"agency", "log_key"}.
        """
        if jose.peek(sealed).get("typ") == ENROLMENT:
            return self._exchange.open_enrolment(sealed)
        return paper(self._exchange.open_sealed(sealed))

    # --- the log, the directory -------------------------------------------------------------------

    def checkpoint(self) -> str:
        """Return the newest signed checkpoint of the access log; keep it."""
        return str(self._log()["checkpoint"])

    def log_entry(self, commitment: str) -> Any:
        """Return index, leaf and proof of the entry with this commitment."""
        return self._exchange.get("/v1/log/entries", Scope.LOG_READ, commit=commitment)

    def log_growth(self, old: int, new: int) -> Any:
        """Return the proof that the log of `new` entries begins with that of `old`."""
        query = {"old": str(old), "new": str(new)}
        return self._exchange.get("/v1/log/entries", Scope.LOG_READ, **query)

    def directory(self) -> Any:
        """Return the agencies of the partnership and the custody of their keys."""
        return self._exchange.get("/v1/directory", Scope.DIRECTORY_READ)

    def _watch(self, answer: Any) -> None:
        """Accept the checkpoint of an answer; a gateway that proves nothing is not passed over.

        :raises Forked: if it contradicts what this agency holds.
        """
        try:
            self.witness.accept(_text(answer, "checkpoint"))
        except (Unavailable, ProblemError, Undecipherable):
            log.warning("The gateway did not prove that its access log was only added to.")

    def _log(self) -> Any:
        return self._exchange.get("/v1/log/checkpoint", Scope.LOG_READ)

    def key_events(self, after: int = 0) -> Any:
        """Return what became of the partners' keys after a number, each change with its proof."""
        return self._exchange.get("/v1/directory/keys", Scope.DIRECTORY_READ, after=str(after))

    def _submit(self, path: str, form_file: Mapping[str, Any], key: str | None) -> Receipt:
        token, claims = self._exchange.submit(path, form_file, Scope.REFERRALS_WRITE, key)
        return Receipt(token, claims)


def _text(answer: Any, name: str) -> str:
    found = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(found, str):
        raise Undecipherable("The gateway's answer is not of the published form.")
    return found


def _texts(answer: Any, name: str) -> list[str]:
    found = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise Undecipherable("The gateway's answer is not of the published form.")
    return found


def _steps(answer: Any) -> list[bytes]:
    try:
        return [base64url(step) for step in _texts(answer, "proof")]
    except Unreadable:
        raise Undecipherable("The gateway's proof cannot be read.") from None


def _document(answer: Any) -> Mapping[str, Any]:
    document = answer.get("document") if isinstance(answer, dict) else None
    if not isinstance(document, dict):
        raise Undecipherable("The answer is not sealed to this agency.")
    return document


def paper(answer: Any) -> Mapping[str, Any] | str | bytes:
    """Return the paper inside a sealed answer: data, the text of a page, or the bytes of a PDF."""
    document = _document(answer)
    if "base64" in document:
        return b64decode(document["base64"])
    return str(document["text"]) if "text" in document else dict(document["agenda"])


def _part(text: str) -> str:
    """Make one path segment of a reference or id, whatever is in it."""
    return quote(text, safe="")
