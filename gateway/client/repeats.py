"""Owns finding what is sealed once more in the open words of a form, before anything is sent.

The gateway cannot read what is sealed, so it cannot notice, and would hand the words on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.errors import Problem
from gateway.schemas.spelling import fold

SHORTEST = 5  # letters and digits that tell a place
LONG = 8  # from here on a value is also found with other letters right beside it
NUMBER = 9  # digits of a telephone number without its prefix
ADDRESS = frozenset({"lines", "po_box", "organisation", "uprn"})
_NO_PLACE = re.compile(r"(flat|room|unit|apartment|apt|floor|block|house|number|no) ?\w{1,3}")


@dataclass(frozen=True, slots=True)
class _Sought:
    """One sealed value; in the parts of `apart` it may stand."""

    pattern: re.Pattern[str]
    is_close: bool  # looked for with all gaps closed
    apart: tuple[str, ...] = ()

    def is_in(self, pointer: str, text: str) -> bool:
        if pointer.startswith(self.apart):
            return False
        return bool(self.pattern.search(text.replace(" ", "") if self.is_close else text))


def repeated(form_file: Mapping[str, Any]) -> list[Problem]:
    """Return a fault for each open text that holds a sealed address, place, name or number.

    Spelling does not hide one: case, accents, gaps and signs are left out of account, and the
    international prefix of a number.
    """
    sealed, document = form_file.get("sealed"), form_file.get("document")
    if not isinstance(sealed, Mapping):
        return []
    towns = {fold(text) for pointer, text in _texts(form_file, "") if _name(pointer) == "town"}
    sought = [*_addresses(sealed, towns), *_channels(sealed)]
    return [
        Problem("must_be_sealed", pointer)
        for pointer, text in (_texts(document, "") if sought else ())
        for folded in [fold(text)]
        if any(each.is_in(pointer, folded) for each in sought)
    ]


def _addresses(sealed: Mapping[str, Any], towns: set[str]) -> Iterator[_Sought]:
    """Where she is. A town alone tells no place; a part with a number in it does."""
    for pointer, text in _texts(sealed, ""):
        is_postcode = "/postcode" in pointer
        if not is_postcode and _name(pointer) not in ADDRESS:
            continue
        parts = {text, *(part for part in text.split(",") if any(c.isdigit() for c in part))}
        for part in sorted(parts):
            if fold(part) not in towns:
                yield from _patterns(part, is_postcode=is_postcode)


def _channels(sealed: Mapping[str, Any]) -> Iterator[_Sought]:
    """How she is reached."""
    contact = sealed.get("safe_contact")
    channels = contact.get("channels") if isinstance(contact, Mapping) else None
    for channel in channels if isinstance(channels, list) else ():
        if isinstance(channel, Mapping) and isinstance(value := channel.get("value"), str):
            yield from _patterns(value, _apart(channel))


def _apart(channel: Mapping[str, Any]) -> tuple[str, ...]:
    """Where the same words tell nothing: the referrer's own desk; a telephone that he shares."""
    is_shared = channel.get("perpetrator_has_access") == "YES"
    return ("/referrer/", "/perpetrators/") if is_shared else ("/referrer/",)


def _patterns(
    value: str, apart: tuple[str, ...] = (), *, is_postcode: bool = False
) -> Iterator[_Sought]:
    folded = fold(value)
    closed = folded.replace(" ", "")
    if len(closed) < SHORTEST or _NO_PLACE.fullmatch(folded):
        return
    if (number := _number(closed)) is not None:
        yield _Sought(re.compile(number), is_close=True, apart=apart)
    elif is_postcode or len(closed) >= LONG:
        yield _Sought(re.compile(re.escape(closed)), is_close=True, apart=apart)
    else:
        words = " ?".join(map(re.escape, folded.split(" ")))
        yield _Sought(re.compile(rf"(?<!\S){words}(?!\S)"), is_close=False, apart=apart)


def _number(closed: str) -> str | None:
    """A telephone number without its prefix, so that both ways to write one are found."""
    if not closed.isdigit():
        return None
    for prefix in ("0044", "44", "0"):
        if closed.startswith(prefix):
            closed = closed[len(prefix) :].removeprefix("0")
            break
    return closed if len(closed) >= NUMBER else None


def _name(pointer: str) -> str:
    """The member that a text belongs to, itself or as an item of a list."""
    return next((part for part in reversed(pointer.split("/")) if not part.isdigit()), "")


def _texts(value: object, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield pointer, value
    elif isinstance(value, Mapping):
        for name, member in value.items():
            yield from _texts(member, f"{pointer}/{name}")
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _texts(item, f"{pointer}/{place}")
