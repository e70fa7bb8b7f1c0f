"""Owns the words of reaching her: ways, what came of it, and what stands in the way."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from gateway.desk.words import plain
from gateway.flows.cases import Contacting
from gateway.rules.attempts import Reach
from gateway.rules.attempts import is_open as is_open_by
from gateway.schemas.contact_codes import ContactOutcome, ContactWay

WAYS: Mapping[ContactWay, str] = {
    ContactWay.CALL: "Telephone call",
    ContactWay.VOICEMAIL: "Voicemail",
    ContactWay.TEXT: "Text message",
    ContactWay.EMAIL: "E-mail",
    ContactWay.LETTER: "Letter",
    ContactWay.IN_PERSON: "In person",
    ContactWay.THROUGH_SOMEBODY: "Through somebody she trusts",
}
OUTCOMES: Mapping[ContactOutcome, str] = {
    ContactOutcome.REACHED: "She was reached",
    ContactOutcome.NO_ANSWER: "No answer",
    ContactOutcome.COULD_NOT_TALK: "She answered, and could not talk safely",
    ContactOutcome.SOMEBODY_ELSE: "Somebody else answered; nothing was said of why",
    ContactOutcome.LEFT_WORD: "Word was left for her",
    ContactOutcome.NOT_IN_USE: "The number or address is not in use",
}
REACHES: Mapping[Reach, tuple[str, str]] = {  # words, and the colour of the tag
    Reach.NOT_TRIED: ("Not tried yet", "yellow"),
    Reach.TRIED: ("Not reached yet", "yellow"),
    Reach.ALIKE: ("Not reached yet", "orange"),
    Reach.UNABLE: ("Cannot be reached", "red"),
    Reach.REACHED: ("Reached", "green"),
}
USES: Mapping[str, str] = {
    "CALL": "ring",
    "VOICEMAIL": "leave a voicemail",
    "TEXT": "text",
    "EMAIL": "e-mail",
    "LETTER": "write a letter",
}
STOPPED: Mapping[str, str] = {
    "not_safe": "By the record this way is not safe, or not at that time."
    " If it was done all the same, say so below.",
    "in_progress": "Somebody else did this at the same moment. Look at what stands there now.",
    "own_keys": "Nothing was kept: your agency keeps this in its own software.",
    "too_many": "Your agency keeps as many notes in this case as there may be.",
}
_WRONG: Mapping[str, str] = {
    "on": "Say on which day and at what time it was.",
    "at": "The time lies ahead, or more than a year back.",
    "way": "Choose how it was tried.",
    "outcome": "Choose what came of it.",
    "remark": "The remark is too long.",
}


def is_open(way: ContactWay, found: Contacting | None) -> bool:
    """Whether a way is safe by the record as it stands today."""
    return found is not None and is_open_by(way, found.uses)


def wrong(fields: Collection[str]) -> str:
    """What is wrong with what was typed."""
    return next((_WRONG[each] for each in fields if each in _WRONG), "This cannot be kept.")


def channel(found: Mapping[str, Any]) -> str:
    """One way to her in a line: what for, when, and what to mind."""
    safe = list(found.get("safe_uses", ()))
    may = ", ".join(text for code, text in USES.items() if code in safe)
    not_safe = ", ".join(text for code, text in USES.items() if code not in safe)
    parts = [f"{plain(str(found['channel']))}: {may}" if may else "Do not use"]
    parts += [f"not {not_safe}"] if not_safe and may else []
    parts += [_window(each) for each in found.get("safe_windows") or ()] if may else []
    parts += [f"withheld number: {'yes' if found.get('withheld_number_ok') == 'YES' else 'no'}"]
    parts += [f"say you are: {found['say_you_are']}"] if found.get("say_you_are") else []
    if who := found.get("who_may_answer"):
        parts.append(f"who may answer: {', '.join(map(str, who))}")
    return "; ".join(parts) + "."


def _window(found: Mapping[str, Any]) -> str:
    days = ", ".join(plain(str(each)) for each in found["days"])
    return f"{days} {found['from_time']} to {found['to_time']}"
