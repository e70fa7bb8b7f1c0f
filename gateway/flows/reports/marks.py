"""Owns what happened to the cases of a quarter, as sets and times that the figures are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.agencies import directory
from gateway.flows.reports.counting import PARTS
from gateway.flows.reports.shapes import Heard
from gateway.ledger import Work
from gateway.rules.actions import OPEN
from gateway.schemas.action_codes import ActionStatus, ActionTheme, NotPossible
from gateway.schemas.codes import Acknowledgement, AgencyKind, Outcome
from gateway.store import actions, dated, members, reports, research
from gateway.store.actions import ActionRow
from gateway.store.research import RequestRow

_OVERRIDDEN = (Outcome.ALLOW_OVERRIDE, Outcome.ALLOW_BEST_INTERESTS)
_ABOUT_HER = (ActionTheme.IDVA_CONTACT, ActionTheme.FEEDBACK)

Ids = frozenset[str]


@dataclass(frozen=True, slots=True)
class Marks:
    """Of the cases of a quarter: which of them each thing is true of, by id."""

    cases: tuple[Heard, ...]
    answered: Mapping[str, tuple[Acknowledgement, datetime]]  # by the IDVA service
    not_reached: Ids
    returned: Mapping[str, frozenset[str]]  # with the reasons
    overridden: Ids
    minuted: Mapping[str, datetime]
    with_contact: Ids
    rows: tuple[ActionRow, ...]
    asked: tuple[RequestRow, ...] = ()  # research, each case for the meeting that heard it

    @property
    def ids(self) -> list[str]:
        """Every case of the quarter."""
        return [case.case_id for case in self.cases]

    def answer(self, outcome: Acknowledgement) -> Ids:
        """The cases that the IDVA service answered like this, last."""
        return frozenset(case_id for case_id, each in self.answered.items() if each[0] is outcome)

    def named(self) -> Mapping[str, Ids]:
        """The sets of which a share is told for everybody and for groups, by code."""
        return {
            "idva_accepted": self.answer(Acknowledgement.ACCEPTED),
            "not_reached": self.not_reached,
            "returned_for_more": frozenset(self.returned),
            "shared_without_agreement": self.overridden,
            "repeats": frozenset(c.case_id for c in self.cases if PARTS["repeat_cases"](c)),
        }


def list_marks(work: Work, cases: Sequence[Heard]) -> Marks:
    """Look up what happened to the cases of a quarter: codes and times, nothing is opened."""
    ids, session = [case.case_id for case in cases], work.session
    kinds = {each.agency_id: each.kind for each in directory.standing(session).values()}
    answers = members.list_acknowledgements(session, ids)
    consents = dated.list_consents(session, ids)
    rows = actions.list_actions(session, ids)
    return Marks(
        cases=tuple(cases),
        answered={
            case_id: answer
            for (case_id, agency_id), answer in answers.items()
            if kinds.get(agency_id) is AgencyKind.IDVA
        },
        not_reached=frozenset(row.case_id for row in rows if _is_not_reached(row, kinds)),
        returned=reports.list_returned(session, ids),
        overridden=frozenset(c for c, each in consents.items() if each.outcome in _OVERRIDDEN),
        minuted=reports.list_minuted(session, ids),
        with_contact=reports.list_named(session, ids, "safe_contact"),
        rows=tuple(rows),
        asked=tuple(_asked(work, cases)),
    )


def _asked(work: Work, cases: Sequence[Heard]) -> Iterator[RequestRow]:
    by_meeting: dict[str, list[str]] = {}
    for case in cases:
        by_meeting.setdefault(case.conference_id, []).append(case.case_id)
    for conference_id, ids in by_meeting.items():
        yield from research.list_requests(work.session, conference_id, ids)


def count_status(rows: Sequence[ActionRow], status: ActionStatus) -> int:
    """How many actions stand like this."""
    return sum(row.status is status for row in rows)


def count_open(rows: Sequence[ActionRow]) -> int:
    """How many actions are neither closed nor replaced."""
    return sum(row.status in OPEN for row in rows)


def _is_not_reached(row: ActionRow, kinds: Mapping[str, AgencyKind]) -> bool:
    """Whether the IDVA service said at an action about reaching her that it could not."""
    return (
        row.reason is NotPossible.NOT_REACHED
        and row.theme in _ABOUT_HER
        and kinds.get(row.owner_id) is AgencyKind.IDVA
    )
