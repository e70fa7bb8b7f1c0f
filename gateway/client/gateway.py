"""Owns what an agency's program does with the gateway: refer, list, pull, acknowledge, and more."""

from __future__ import annotations

import hmac
import logging
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import quote

import rfc8785

from gateway.client.access import ProblemError
from gateway.client.accounts import Accounts
from gateway.client.actions import Actions
from gateway.client.config import AgencyKeys, keep_log_key
from gateway.client.exchange import Exchange
from gateway.client.http import Send
from gateway.client.notes import Notes
from gateway.client.partners import Partners
from gateway.client.reading import paper, read_document, read_steps, read_text, read_texts
from gateway.client.repeats import repeated
from gateway.client.research import Research
from gateway.client.walls import Walls
from gateway.client.watch import Watch
from gateway.client.witness import Disproved, Witness
from gateway.errors import Invalid, Unavailable, Undecipherable
from gateway.schemas.codes import Purpose, Scope
from gateway.schemas.contacting import safe_view
from gateway.schemas.protected import Protected, reveal
from gateway.sealing import jose

log = logging.getLogger(__name__)

ENROLMENT = "marac-enrolment+jwe"
SHARE = "marac-share+jwe"  # of the gateway's recovery key


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
    """What this agency may know of a case, and the sealed sections that its own key opened.

    Printed, logged or encoded, a sealed section is a constant or an error: `reveal` it where a
    person is to read it.
    """

    claims: Mapping[str, Any] = field(repr=False)  # with receipt and log commitment
    document: Mapping[str, Any] = field(repr=False)
    sealed: Mapping[str, Protected] = field(repr=False)  # section -> content

    def reveal(self) -> dict[str, Any]:
        """Return the content of the sealed sections in the open, for who is to read them."""
        return {section: reveal(content) for section, content in self.sealed.items()}

    def reveal_safely(self, on: date) -> dict[str, Any]:
        """Return the same for a person's eyes: no number that must not be used on that day."""
        opened = self.reveal()
        if "safe_contact" in opened:
            opened["safe_contact"] = safe_view(opened["safe_contact"], on)
        return opened


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
        self._secret, self._folder = keys.secret, keys.folder
        self.agency_id, self.own_kids = agency_id, keys.kids
        self._exchange = Exchange(
            send,
            base_url=base_url,
            agency_id=agency_id,
            keys=keys,
            worker=worker,
            clock=clock,
            pause=pause,
        )
        self.walls = Walls(self._exchange)
        self.witness = Witness(
            keys.folder,
            verifiers=lambda: read_texts(self._log(), "verifiers"),
            prove=lambda old, new: read_steps(self.log_growth(old, new)),
        )
        self.partners = Partners(
            self.witness.memory, ask=self.key_events, accept=self.witness.accept, clock=clock
        )
        self.notes = Notes(self._exchange, keys, self._expect)
        self.accounts = Accounts(self._exchange, self._expect)
        self.research = Research(self._exchange, self._expect)
        self.actions = Actions(self._exchange, self._expect)
        self._watching = Watch(
            self.witness,
            self._exchange.errands(),
            agency_id=agency_id,
            base_url=base_url,
            key=keys.witness,
            log_key=keys.log_key,
        )

    # --- a referral -----------------------------------------------------------------------------

    def refer(self, form_file: Mapping[str, Any], *, idempotency_key: str | None = None) -> Receipt:
        """Send a form file and return the verified receipt.

        Sections under `sealed` are sealed here to the agencies that the gateway names, so that
        the gateway cannot read them, and to no key that the access log does not show. A lost
        answer is asked for again under the same key; pass `idempotency_key` (a UUID, such as
        `key_for` gives) to be safe across restarts too.
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
        return self._document(self._exchange.get(path, Scope.REFERRALS_READ, purpose=purpose))

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

        :raises Disproved: if the log contradicts what it showed this agency before.
        """
        self._watching.attend()
        listed = self._exchange.get("/v1/cases", Scope.CASES_READ, cursor=cursor)
        self._accept(listed)
        return listed

    def pull(self, ref: str, purpose: str = "P2") -> Pulled:
        """Return what this agency may know of a case for a purpose (P1 to P11).

        Without one it is P2, the victim's safety plan.

        :raises Disproved: if the log contradicts what it showed this agency before, or lacks what
            it promised; `pulled` of it holds the case all the same, since a life may hang on it.
        """
        fault: Disproved | None = None
        try:
            self._watching.attend()
        except Disproved as found:
            fault = found
        answer = self._exchange.get(f"/v1/cases/{_part(ref)}", Scope.CASES_READ, purpose=purpose)
        document = self._document(answer)
        pulled = Pulled(answer, document, self._exchange.open_sections(document.get("sealed", [])))
        try:
            self._accept(answer.get("log"))
        except Disproved as found:
            fault = found
        if fault is not None:
            fault.pulled = pulled
            raise fault
        return pulled

    def acknowledge(self, ref: str, outcome: str, reason: str | None = None) -> Any:
        """Answer to an assigned case: ACCEPTED or DECLINED."""
        body = {"outcome": outcome} | ({"reason": reason} if reason is not None else {})
        return self._exchange.post(
            f"/v1/cases/{_part(ref)}/acknowledgement", body, Scope.CASES_WRITE
        )

    def seal_requests(self) -> Any:
        """Return the copies of sealed sections that this agency is asked to make for others."""
        return self._exchange.get("/v1/seal-requests", Scope.CASES_READ)

    def hand_in(
        self, ref: str, item: Mapping[str, Any], agency: str, jwk: Mapping[str, Any]
    ) -> Any:
        """Seal what this agency's copy of a section says for another agency, and hand it in.

        :raises Undecipherable: if the copy is not the text that its sender signed.
        """
        sealed = [self._exchange.seal_again(item, agency, jwk)]
        document, form = {"agency": agency, "kid": jwk["kid"]}, "section-copy/1"
        path = f"/v1/cases/{_part(ref)}/sealed-copies"
        return self._exchange.send_sealed(path, form, document, Scope.CASES_WRITE, sealed=sealed)

    def record_position(self, ref: str, document: Mapping[str, Any]) -> Any:
        """Record the victim's position on sharing, as it is now."""
        path = f"/v1/cases/{_part(ref)}/positions"
        return self._exchange.send_sealed(path, "position/1", document, Scope.CASES_WRITE)

    def record_consent(self, ref: str, document: Mapping[str, Any]) -> Any:
        """Record a dated position (position/2): how far it reaches, and until when."""
        path = f"/v1/cases/{_part(ref)}/consent"
        return self._exchange.send_sealed(path, "position/2", document, Scope.CASES_WRITE)

    def record_override(self, ref: str, document: Mapping[str, Any]) -> Any:
        """Record why a case is shared without agreement (override/1), signed by two people."""
        path = f"/v1/cases/{_part(ref)}/overrides"
        return self._exchange.send_sealed(path, "override/1", document, Scope.CASES_WRITE)

    def challenge(self, ref: str, reason: str) -> Any:
        """Challenge that one's own referral was not accepted: once, before the chair."""
        path = f"/v1/referrals/{_part(ref)}/challenge"
        return self._exchange.send_sealed(
            path, "challenge/1", {"reason": reason}, Scope.REFERRALS_WRITE
        )

    def decide(self, ref: str, document: Mapping[str, Any]) -> Any:
        """Decide on a referral, as the coordinator."""
        path = f"/v1/cases/{_part(ref)}/decisions"
        return self._exchange.send_sealed(path, "decision/1", document, Scope.CASES_WRITE)

    def move(self, ref: str, document: Mapping[str, Any]) -> Any:
        """Withdraw or close a case, offer it to another area, or answer such an offer."""
        path = f"/v1/cases/{_part(ref)}/moves"
        return self._exchange.send_sealed(path, "move/1", document, Scope.CASES_WRITE)

    def access(self, ref: str) -> Any:
        """Return who read what this agency contributed to a case."""
        path = f"/v1/cases/{_part(ref)}/access"
        return self._document(self._exchange.get(path, Scope.LOG_READ, purpose=Purpose.P10))

    def readings(self, ref: str) -> Any:
        """Return what was already read of a case, which nothing takes back."""
        path = f"/v1/cases/{_part(ref)}/readings"
        return self._document(self._exchange.get(path, Scope.LOG_READ, purpose=Purpose.P10))

    def due(self) -> Any:
        """Return what this agency must do about consent, soonest first."""
        return self._exchange.get("/v1/due", Scope.CASES_READ)

    def explain(self, ref: str, agency: str, purpose: str) -> Any:
        """Return what an agency would see of a case, and which rule decides."""
        path = f"/v1/cases/{_part(ref)}/explain"
        return self._exchange.get(path, Scope.CASES_READ, agency=agency, purpose=purpose)

    def explain_change(self, ref: str, agency: str, purpose: str, **supposed: str) -> Any:
        """Return what an agency would see with another `position`, `stage`, or `on` a day."""
        path = f"/v1/cases/{_part(ref)}/explain/changes"
        query = {"agency": agency, "purpose": purpose, **supposed}
        return self._exchange.get(path, Scope.CASES_READ, **query)

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
        """Return the agenda as this agency may see it: "json" data, "html", "pdf" or "docx".

        With "ics", when the meeting is, for a calendar.
        """
        path = f"/v1/conferences/{_part(conference)}/agenda"
        query = {"format": form, "purpose": purpose}
        answer = self._exchange.get(path, Scope.CONFERENCE_READ, **query)
        self._expect(answer)
        return paper(answer)

    def open_file(self, sealed: str) -> Mapping[str, Any] | str | bytes:
        """Return what is in a sealed file that the gateway's operator made for this agency.

        That is a paper, or the answer to an enrolment: {"agency", "log_key"}. The log key is also
        kept in the agency's folder, where the next start finds it.
        """
        typ = jose.peek(sealed).get("typ")
        if typ == SHARE:
            return self._exchange.open_enrolment(sealed, SHARE)
        if typ == ENROLMENT:
            answer = self._exchange.open_enrolment(sealed)
            if self._folder is not None:
                keep_log_key(self._folder, read_text(answer, "log_key"))
            return answer
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

    def log_proof(self, commitment: str) -> str:
        """Return the receipt of an entry that verifies itself; keep it as a .tlog-proof file."""
        return str(self._exchange.get("/v1/log/proof", Scope.LOG_READ, commit=commitment))

    def witnesses(self) -> Any:
        """Return who countersigns the log, with which key, by whose statement."""
        return self._exchange.get("/v1/log/witnesses", Scope.LOG_READ)

    def directory(self) -> Any:
        """Return the agencies of the partnership and the custody of their keys."""
        return self._exchange.get("/v1/directory", Scope.DIRECTORY_READ)

    def _document(self, answer: Any) -> Mapping[str, Any]:
        """The document inside a sealed answer, whose entry the log now owes us."""
        self._expect(answer)
        return read_document(answer)

    def _expect(self, claims: Any) -> None:
        promised = claims.get("log") if isinstance(claims, dict) else None
        if isinstance(promised, dict) and isinstance(promised.get("commitment"), str):
            self._watching.promise(promised["commitment"])

    def _accept(self, answer: Any) -> None:
        """Accept the checkpoint of an answer; a gateway that proves nothing is not passed over.

        :raises Forked: if it contradicts what this agency holds.
        """
        try:
            self.witness.accept(read_text(answer, "checkpoint"))
        except (Unavailable, ProblemError, Undecipherable):
            log.warning("The gateway did not prove that its access log was only added to.")

    def _log(self) -> Any:
        return self._exchange.get("/v1/log/checkpoint", Scope.LOG_READ)

    def key_events(self, after: int = 0) -> Any:
        """Return what became of the partners' keys after a number, each change with its proof."""
        return self._exchange.get("/v1/directory/keys", Scope.DIRECTORY_READ, after=str(after))

    def _submit(self, path: str, form_file: Mapping[str, Any], key: str | None) -> Receipt:
        if problems := repeated(form_file):
            raise Invalid("What is sealed also stands in the open document.", *problems)
        token, claims = self._exchange.submit(
            path, form_file, Scope.REFERRALS_WRITE, key, self.partners.checker
        )
        self._expect(claims)
        return Receipt(token, claims)


def _part(text: str) -> str:
    """Make one path segment of a reference or id, whatever is in it."""
    return quote(text, safe="")
