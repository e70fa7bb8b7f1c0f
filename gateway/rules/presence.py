"""Owns who is in the room: access follows presence, case by case (domain rules for attendance)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from gateway.rules.facts import Caller, CaseFacts, Membership
from gateway.schemas.meeting_codes import Attending

SPEAKS = frozenset({Attending.REPRESENTATIVE, Attending.DEPUTY})


@dataclass(frozen=True, slots=True)
class Stay:
    """One person in the room while one case was heard, from when to when."""

    conference_id: str
    agency_id: str
    worker_id: str
    attending: Attending
    arrived_at: datetime
    left_at: datetime | None = None
    to_end: bool = False  # heard the case to its end

    @property
    def is_here(self) -> bool:
        """Whether the person speaks for its agency and is in the room now."""
        return self.left_at is None and self.attending in SPEAKS


def seated(
    members: Mapping[str, Membership], stays: Sequence[Stay], sitting: str | None
) -> dict[str, Membership]:
    """Return the members of a case with who of them is, or was, in the room.

    While the case is open (`sitting`), whoever is there now. Afterwards, of the newest conference
    that heard it, the agencies that stayed to its end: who left before that has heard a part and
    reads the extract. An observer makes no agency present.
    """
    here: dict[str, frozenset[str]] = {}
    if sitting is not None:
        for each in stays:
            if each.conference_id == sitting and each.is_here:
                before = here.get(each.agency_id, frozenset())
                here[each.agency_id] = before | {each.worker_id}
        return {
            agency_id: replace(
                member, is_present=agency_id in here, in_room=here.get(agency_id, frozenset())
            )
            for agency_id, member in members.items()
        }
    newest = max(stays, key=lambda each: each.arrived_at).conference_id if stays else None
    heard = {
        each.agency_id
        for each in stays
        if each.conference_id == newest and each.to_end and each.attending in SPEAKS
    }
    return {
        agency_id: replace(member, is_present=True) if agency_id in heard else member
        for agency_id, member in members.items()
    }


def seen_by(case: CaseFacts, caller: Caller) -> Membership:
    """Return the caller's membership: a person who left the room is not present by a colleague."""
    member = case.members[caller.agency_id]
    if member.in_room is None or caller.worker_id is None or caller.worker_id in member.in_room:
        return member
    return replace(member, is_present=False)
