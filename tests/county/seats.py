"""The guards of a meeting: who is in the room, who signed, what is not out; and each taken away."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gateway.disclosure import boxes, originals, pieces
from gateway.flows.conferences import declaring, room
from gateway.rules import disclosure, matrix, presence
from gateway.schemas.codes import Category, Level
from gateway.schemas.meeting_codes import Attending
from tests.county import undoing as un
from tests.county.driving import County
from tests.county.guard import Guard
from tests.county.patching import put, swap, swapped


def _everybody_is_there(members: Any, stays: Any, sitting: Any) -> Any:
    here = None if sitting is None else _Everyone()
    return {
        agency_id: replace(member, is_present=True, in_room=here)
        for agency_id, member in members.items()
    }


class _Everyone(frozenset[str]):
    """A room that everybody is in."""

    def __contains__(self, worker: object) -> bool:
        return True


def _all_stay(patch: pytest.MonkeyPatch, county: County) -> None:
    def seated(members: Any, stays: Any, sitting: Any) -> Any:
        return plain(members, [replace(each, to_end=True) for each in stays], sitting)

    plain = presence.seated
    swap(patch, plain, seated)


def _as_an_agency(case: Any, caller: Any) -> Any:
    return case.members[caller.agency_id]


def _nobody_leaves(self: presence.Stay) -> bool:
    return self.attending in presence.SPEAKS


def _returned_as_if_sent(
    table: matrix.Matrix, view: matrix.View, category: Category, *, is_returned: bool = False
) -> Level:
    return _limit(table, view, category)


def _drafts_are_read(patch: pytest.MonkeyPatch, county: County) -> None:
    swap(patch, boxes.UNREAD_PARTS, boxes.UNREAD_PARTS - {boxes.DRAFT_PART})


class _AnyPart(str):
    """A part that no part of a section differs from."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False


_limit = matrix._limit

_PART = ("part that a level opens", put(pieces, "part_for", lambda *_: _AnyPart("FULL")))

AT_MEETINGS: tuple[Guard, ...] = (
    Guard(
        "what was returned for a meeting",
        "circulated",
        put(matrix, "_limit", _returned_as_if_sent),
    ),
    Guard("presence", "sitting", swapped(presence.seated, _everybody_is_there)),
    Guard("a colleague is not in the room", "sitting", put(presence, "seen_by", _as_an_agency)),
    Guard("who leaves is out", "sitting", put(presence.Stay, "is_here", property(_nobody_leaves))),
    Guard(
        "an observer is nobody's presence", "sitting", put(presence, "SPEAKS", frozenset(Attending))
    ),
    Guard(
        "declaration before the room",
        "sitting",
        swapped(declaring.may_enter, lambda work, row: True),
    ),
    Guard(
        "who may hear a case",
        "sitting",
        swapped(room.may_hear, lambda facts, row: True),
        held_by=(
            ("condition: not my surgery", put(disclosure, "_left_out", lambda *_: None)),
            ("who is asked for research", un.asks_in_staff_cases),
        ),
    ),
    Guard(
        "declaration before the papers",
        "circulated",
        swapped(declaring.require_signed, lambda work, conference_id: None),
        door="paper",
    ),
    Guard("who heard it to the end", "sent", _all_stay),
    Guard("stage after a meeting", "sent", put(matrix, "_limit", un.any_stage)),
    Guard("flag alone while it is watched", "monitored", put(matrix, "_limit", un.any_stage)),
    Guard("minutes that are not out", "heard", _drafts_are_read, held_by=(_PART,)),
    Guard(
        "words of others' actions",
        "sent",
        put(matrix, "_limited", un.whole),
        door="page of a plan",
    ),
    Guard(
        "an original is for who may read it all",
        "sitting",
        put(originals, "_may_read", lambda work, found, row: True),
        door="original",
    ),
)
