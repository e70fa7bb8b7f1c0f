"""Owns how the demonstration holds a meeting: signed, opened, agreed, minuted, sent out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta

from gateway.demo import world
from gateway.demo.play import COORDINATOR
from gateway.demo.wire import Then
from gateway.flows import conferences
from gateway.flows.conferences import Proposal
from gateway.ledger import Work
from gateway.rules.facts import Worker
from gateway.rules.minutes import Sent
from gateway.schemas import reference as references
from gateway.schemas.action_codes import ActionTheme
from gateway.schemas.consent_codes import Feedback
from gateway.schemas.meeting_codes import Attending, MinuteKind, Said

Agreed = tuple[str, ActionTheme, str, date]  # owner, theme, words, day
Minuted = tuple[str, str, MinuteKind, str]  # whose it is, its class, what it holds, words
_TURN = timedelta(minutes=12)


@dataclass(frozen=True, slots=True)
class Heard:
    """One case of a meeting."""

    reference: str
    room: Sequence[str]  # agencies, each by its first worker
    agreed: Sequence[Agreed]
    minuted: Sequence[Minuted] = ()


def hold(then: Then, conference: str, cases: Sequence[Heard]) -> None:
    """Hold a meeting of a conference on whose list the cases are, by people at the desk."""
    for agency_id in sorted({COORDINATOR, *(each for case in cases for each in case.room)}):
        with desk(then, agency_id) as work:
            digest = work.profiles.declaration.digest
            conferences.sign(work, conference, Attending.REPRESENTATIVE, digest)
    with desk(then) as work:
        conferences.begin_meeting(work, conference)
    for case in cases:
        _hear(then, conference, case)
    with desk(then) as work:
        conferences.end_meeting(work, conference)
    with desk(then) as work:
        conferences.send_out(work, conference)


def propose(
    then: Then, reference: str, agreed: Agreed, *, conference: str | None = None
) -> conferences.Proposed:
    """Put an action into the plan; in a meeting its owner, who is in the room, accepts at once."""
    owner, theme, text, due_on = agreed
    with desk(then) as work:
        return conferences.propose(
            work,
            references.read(reference) or "",
            Proposal(theme, text, owner, due_on=due_on),
            conference_id=conference,
            is_volunteered=conference is not None,
        )


@contextmanager
def desk(then: Then, agency_id: str = COORDINATOR) -> Iterator[Work]:
    """The Work of an agency's first worker."""
    with then.work(agency_id, world.worker_of(agency_id)) as work:
        yield work


def _hear(then: Then, conference: str, case: Heard) -> None:
    reference = references.read(case.reference) or ""
    with desk(then) as work:
        present: list[Worker] = [(each, world.worker_of(each)) for each in case.room]
        conferences.open_case(work, conference, reference, present)
    for each in case.agreed:
        propose(then, case.reference, each, conference=conference)
    for number, (owner, section, kind, text) in enumerate(case.minuted):
        sent = Sent(
            f"paragraph-{number}", "demonstration", 0, kind, Said.FACT, section, owner, text
        )
        with desk(then) as work:
            conferences.save_paragraph(work, conference, reference, sent)
    then.at += _TURN if then.is_past else timedelta()
    with desk(then) as work:
        conferences.close_case(work, conference, reference, Feedback.PLAN_AGREED)
