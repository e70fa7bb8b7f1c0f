"""Owns what attempts to reach her amount to: reached, still tried, or not to be reached.

Nobody is called unreachable before enough was tried, and not always in the same way at the same
time. Which way is safe, the record of her safe contact says: what it does not say is not safe.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Any

from gateway.schemas.contact_codes import ContactOutcome, ContactWay

# Meeting her, or asking somebody whom she trusts, needs no number of hers.
_NEEDS_NO_CHANNEL = frozenset({ContactWay.IN_PERSON, ContactWay.THROUGH_SOMEBODY})
_DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_PARTS = (12, 17)  # hours at which the afternoon and the evening begin


class Reach(StrEnum):
    """Whether she is reached."""

    NOT_TRIED = "NOT_TRIED"
    TRIED = "TRIED"
    ALIKE = "ALIKE"  # often enough, but always in the same way at the same time of day
    UNABLE = "UNABLE"
    REACHED = "REACHED"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt, as whoever made it wrote it down."""

    at: datetime
    way: ContactWay
    outcome: ContactOutcome
    is_safe: bool  # by the record of her safe contact, as it stood then
    remark: str = field(default="", repr=False)
    worker: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the attempts amount to."""

    reach: Reach
    tries: int  # since she was last reached
    wanted: int  # before anybody says that she cannot be reached
    until: datetime | None  # by when they are to be made, once there was a first


def is_open(way: ContactWay, uses: Collection[str]) -> bool:
    """Whether a way is safe at some time, by the `uses` that her safe contact allows on a day."""
    return way in _NEEDS_NO_CHANNEL or str(way) in uses


def is_safe(way: ContactWay, channels: Iterable[Mapping[str, Any]], local: datetime) -> bool:
    """Whether a way was safe at a time by her own clock.

    `channels` are those of a safe contact as a person may see it on a day, with `safe_uses`. A
    channel that names windows is safe within them alone; a letter has no time of day.
    """
    return way in _NEEDS_NO_CHANNEL or any(
        str(way) in each.get("safe_uses", ())
        and (way is ContactWay.LETTER or _is_within(each.get("safe_windows") or (), local))
        for each in channels
    )


def _is_within(windows: Collection[Mapping[str, Any]], local: datetime) -> bool:
    day, time = _DAYS[local.weekday()], f"{local:%H:%M}"
    return not windows or any(
        day in each["days"] and each["from_time"] <= time <= each["to_time"] for each in windows
    )


def standing(attempts: Sequence[Attempt], *, wanted: int, days: int, zone: tzinfo) -> Standing:
    """Return what attempts amount to, in whatever order they were written down."""
    listed = sorted(attempts, key=lambda each: each.at)
    if listed and listed[-1].outcome is ContactOutcome.REACHED:
        return Standing(Reach.REACHED, 0, wanted, None)
    reached = [n for n, each in enumerate(listed, 1) if each.outcome is ContactOutcome.REACHED]
    tried = listed[reached[-1] :] if reached else listed
    if not tried:
        return Standing(Reach.NOT_TRIED, 0, wanted, None)
    until = tried[0].at + timedelta(days=days)
    if len(tried) < wanted:
        return Standing(Reach.TRIED, len(tried), wanted, until)
    is_varied = len({(each.way, _part_of_day(each.at, zone)) for each in tried}) > 1
    return Standing(Reach.UNABLE if is_varied else Reach.ALIKE, len(tried), wanted, until)


def _part_of_day(at: datetime, zone: tzinfo) -> int:
    hour = at.astimezone(zone).hour
    return sum(hour >= start for start in _PARTS)
