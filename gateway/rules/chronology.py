"""Owns the chronology of a case: what happened when, told by whom, out of what a reader may open.

It is drawn from the sections as they were handed to one reader and from nothing else, so it cannot
show more than they do. Nobody's account is made one with another's: each keeps its source.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any

from gateway.schemas.codes import DatePrecision

Content = Mapping[str, Any]


class EventKind(StrEnum):
    """What a line of the chronology tells of."""

    INCIDENT = "INCIDENT"
    RESEARCH = "RESEARCH"  # what an agency found in its own records
    WORK = "WORK"  # how an agency works, or worked, with somebody
    ORDER = "ORDER"
    COURT = "COURT"
    RELEASE = "RELEASE"
    DONE = "DONE"  # what the referrer had done already
    EARLIER = "EARLIER"  # an earlier conference, as the referrer knows
    ASSESSED = "ASSESSED"
    POSITION = "POSITION"  # what she said about sharing
    STATE = "STATE"  # where the case came to
    MEETING = "MEETING"
    MINUTE = "MINUTE"
    ACTION = "ACTION"


@dataclass(frozen=True, slots=True)
class Event:
    """One line. Of `codes` the door makes words; `text` is somebody's own."""

    kind: EventKind
    on: date | None  # None: nobody said when
    until: date | None = None
    precision: DatePrecision = DatePrecision.DAY
    codes: tuple[str, ...] = ()
    text: str = field(default="", repr=False)
    more: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # member, what it says
    source: str = ""  # agency; "" where the reader is not told
    said: str = ""  # FACT, OPINION or THIRD_PARTY, where its source said which
    confidence: str = ""
    reliability: str = ""
    told_on: date | None = None  # when the source sent it, if known
    beside: int = 0  # other agencies that tell of the same day

    @property
    def span(self) -> tuple[date, date] | None:
        """From when to when it was, as the calendar has it; None where nobody said."""
        return None if self.on is None else (self.on, self.until or self.on)


def events(sections: Iterable[Content]) -> list[Event]:
    """Return what the sections of one answer tell, as a pull or a page hands them over.

    Each is {"section", "level", "content"} and {"owner"} where its reader is told who.
    """
    found: list[Event] = []
    for each in sections:
        content, source = each["content"], str(each.get("owner", ""))
        if not isinstance(content, Mapping):
            continue
        for member, read in _READ.items():
            if member in content:
                found += [replace(one, source=source) for one in read(content[member])]
    return found


def ordered(found: Iterable[Event]) -> tuple[Event, ...]:
    """Return events in order of time, the latest first; those without a day come last.

    Of a day that two agencies tell of, each line says so: they may agree, or contradict.
    """
    listed = list(found)
    told: dict[date, set[str]] = defaultdict(set)
    for each in listed:
        if _is_account(each) and each.on is not None:
            told[each.on].add(each.source)
    marked = [
        replace(each, beside=len(told[each.on] - {each.source}))
        if _is_account(each) and each.on is not None
        else each
        for each in listed
    ]
    # Of one day, what was told later stands first, as the days do.
    dated = [each for each in reversed(marked) if each.on is not None]
    dated.sort(key=lambda each: each.on or date.min, reverse=True)
    return (*dated, *(each for each in marked if each.on is None))


def _is_account(event: Event) -> bool:
    """Whether it is an agency's account of a day, which another's may bear out or contradict."""
    exact = event.precision is DatePrecision.DAY and bool(event.source)
    return exact and event.kind in (EventKind.INCIDENT, EventKind.RESEARCH)


# --- one reader per member of a section ---------------------------------------------------------


def _incidents(listed: Any) -> Iterator[Event]:
    for each in _maps(listed):
        if "what" not in each:  # another section's part of it: told there, without its day
            continue
        yield Event(
            EventKind.INCIDENT,
            _day(each.get("occurred_on")),
            precision=_precision(each),
            codes=_codes(each.get("kinds")),
            text=str(each["what"]),
            more=tuple((n, str(each[n])) for n in ("outcome", "evidence_held") if each.get(n)),
        )


def _orders(listed: Any) -> Iterator[Event]:
    for each in _maps(listed):
        code, terms = _codes([each.get("type", "")]), str(each.get("terms", ""))
        yield Event(
            EventKind.ORDER,
            _day(each.get("made_on")),
            _day(each.get("ends_on")),
            codes=code,
            text=terms,
        )
        if (hearing := _day(each.get("hearing_on"))) is not None:
            yield Event(EventKind.COURT, hearing, codes=code)


def _perpetrators(listed: Any) -> Iterator[Event]:
    for each in _maps(listed):
        custody = each.get("custody")
        if not isinstance(custody, Mapping):
            continue
        for name, kind in (("release_on", EventKind.RELEASE), ("court_on", EventKind.COURT)):
            if (on := _day(custody.get(name))) is not None:
                text = str(custody.get("conditions", ""))
                yield Event(kind, on, codes=_codes([custody.get("status", "")]), text=text)


def _done(listed: Any) -> Iterator[Event]:
    for each in _maps(_value(listed)):
        yield Event(
            EventKind.DONE,
            _day(each.get("taken_on")),
            codes=_codes([each.get("kind", "")]),
            text=str(each.get("notes", "")),
        )


def _referral(referral: Any) -> Iterator[Event]:
    earlier = _value(referral.get("previous_marac")) if isinstance(referral, Mapping) else None
    hearings = earlier.get("hearings") if isinstance(earlier, Mapping) else ()
    for each in _maps(hearings):
        yield Event(EventKind.EARLIER, _day(each.get("heard_on")), codes=_codes([each.get("area")]))


def _assessed(listed: Any) -> Iterator[Event]:
    for each in _maps(_value(listed)):
        judged = str(each.get("level_professional", ""))
        codes = _codes([each.get("instrument", ""), judged])
        text = str(each.get("rationale", ""))
        yield Event(EventKind.ASSESSED, _day(each.get("assessed_on")), codes=codes, text=text)


def _research(content: Any) -> Iterator[Event]:
    if not isinstance(content, Mapping):
        return
    told_on = _day(str(content.get("returned_at", ""))[:10])
    for each in _maps(content.get("entries")):
        yield Event(
            EventKind.RESEARCH,
            _day(each.get("on")),
            codes=_codes([each.get("about", "")]),
            text=str(each.get("text", "")),
            said=str(each.get("nature", "")),
            confidence=str(each.get("confidence", "")),
            reliability=str(each.get("reliability", "")),
            told_on=told_on,
        )
    for each in _maps(content.get("people")):
        if isinstance(work := each.get("involvement"), Mapping):
            yield from _involved(str(each.get("person", "")), work, told_on)


def _involved(person: str, work: Content, told_on: date | None) -> Iterator[Event]:
    since, last = _day(work.get("since_on")), _day(work.get("last_contact_on"))
    codes = _codes([person, work.get("status", "")])
    if since or last:
        until = last if since and last and last >= since else None
        role = str(work.get("role", ""))
        yield Event(EventKind.WORK, since or last, until, codes=codes, text=role, told_on=told_on)
    if (coming := _day(work.get("next_appointment_on"))) is not None:
        yield Event(EventKind.WORK, coming, codes=(person, "NEXT"), told_on=told_on)


def _minute(paragraph: Any) -> Iterator[Event]:
    """A paragraph; on which day it was said, its section does not tell."""
    if isinstance(paragraph, Mapping):
        yield Event(
            EventKind.MINUTE,
            None,
            codes=_codes([paragraph.get("kind", "")]),
            text=str(paragraph.get("text", "")),
            said=str(paragraph.get("said", "")),
        )


_READ: Mapping[str, Callable[[Any], Iterator[Event]]] = {
    "incidents": _incidents,
    "orders": _orders,
    "perpetrators": _perpetrators,
    "actions_taken": _done,
    "referral": _referral,
    "risk_assessments": _assessed,
    "research": _research,
    "minute": _minute,
}


def _maps(listed: Any) -> Sequence[Content]:
    """A list of objects; a blank with its reason is none."""
    return [e for e in listed if isinstance(e, Mapping)] if isinstance(listed, list | tuple) else []


def _value(wrapped: Any) -> Any:
    """What a value-or-reason holds."""
    return wrapped.get("value") if isinstance(wrapped, Mapping) and "value" in wrapped else wrapped


def _codes(codes: Any) -> tuple[str, ...]:
    return tuple(str(each) for each in codes or () if each)


def _precision(each: Content) -> DatePrecision:
    written = each.get("precision")
    return DatePrecision(written) if written in list(DatePrecision) else DatePrecision.DAY


def _day(written: Any) -> date | None:
    text = _value(written)
    try:
        return date.fromisoformat(str(text)) if text else None
    except ValueError:
        return None
