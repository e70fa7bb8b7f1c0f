"""Owns what agencies offered to do when they returned their research, and taking one over.

Nothing goes into a plan by itself: who runs the meeting takes each offer over, as it stands or
changed. As it stands it is its owner's word, and so it is accepted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from gateway.flows.conferences.actions import Proposal, Proposed, propose, take_in
from gateway.flows.conferences.extracts import Given, read_extracts
from gateway.flows.conferences.room import show_hearing
from gateway.ledger import Work
from gateway.rules import actions as rule
from gateway.schemas.action_codes import ActionTheme, ActionUrgency
from gateway.schemas.codes import Purpose


@dataclass(frozen=True, slots=True)
class Offer:
    """Something an agency would do itself; `number` counts among its own, as they are shown."""

    agency_id: str
    number: int
    text: str = field(repr=False)
    by_on: date | None
    theme: ActionTheme | None  # what it seems to be about; who takes it over decides
    is_taken: bool = False


def offers_of(given: Sequence[Given], plan: Sequence[Mapping[str, Any]] = ()) -> list[Offer]:
    """The offers in research that a reader was given, and which stand in a plan already."""
    taken = {(each["owner"], _words(str(each.get("text", "")))) for each in plan}
    found = [
        Offer(
            each.agency_id,
            number,
            str(said["text"]),
            date.fromisoformat(said["by_on"]) if said.get("by_on") else None,
            rule.suggested(str(said["text"])),
        )
        for each in given
        for number, said in enumerate(each.proposed_actions, 1)
    ]
    return [replace(o, is_taken=(o.agency_id, _words(o.text)) in taken) for o in found]


def put_down(
    work: Work,
    reference: str,
    proposal: Proposal,
    *,
    conference_id: str,
    is_volunteered: bool,
    offered_by: str = "",
) -> Proposed:
    """Put an action down in a meeting; one that its agency offered is accepted, if unchanged.

    An offer with other words, an earlier day or more haste is somebody else's proposal.

    :raises Denied: :raises Invalid: :raises Conflict: as `propose`, and as for the hearing itself.
    """
    found = show_hearing(work, conference_id, reference)  # for whoever may run it
    if offered_by and offered_by == proposal.owner:
        offers = offers_of(read_extracts(work, found.case_id, Purpose.P9))
        if any(_is_same(each, proposal) for each in offers):
            (made,) = take_in(work, reference, [proposal], conference_id=conference_id)
            return made
    return propose(
        work, reference, proposal, conference_id=conference_id, is_volunteered=is_volunteered
    )


def _is_same(offer: Offer, new: Proposal) -> bool:
    """Whether nobody asks more of the agency than it offered."""
    is_own = offer.agency_id == new.owner and _words(offer.text) == _words(new.text)
    if offer.by_on is not None:
        return is_own and new.due_on is not None and new.due_on >= offer.by_on
    return is_own and new.due_on is None and new.urgency is ActionUrgency.ROUTINE


def _words(text: str) -> str:
    return " ".join(text.split())
