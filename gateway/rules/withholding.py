"""Owns saying why somebody is given less than all, from the code of the row that decided it.

The full words are for who may know the whole case. A reader is told of no more than what it got.
"""

from __future__ import annotations

from gateway.schemas.codes import Level

# For the reader itself, of sections that it knows of anyhow.
TO_READER = {
    Level.SUMMARY: "You get what its owner wrote for others, or that there is something.",
    Level.INDICATOR: "You get that there is something, and not what it says.",
}

_WHOLE = {
    "victims-condition": "The victim keeps it from this reader.",
    "class:OWNER": "Only the agency that wrote it holds its key.",
    "unknown-section": "The table does not know this section.",
    "alert-only": "The reader is told that a referral is held back, and nothing else.",
    "barred": "The referral says that agencies of this kind must not receive it.",
    "role:REFERRER": "Who referred the case reads what it sent.",
}
_BEFORE = {
    "stage": "It is not read at this stage of the case.",
    "outcome": "What was decided about consent shares it with nobody of this role.",
    "purpose": "It is not read for this purpose.",
}
_CELLS = {
    "-": "The table gives it to no agency of this kind.",
    "C": "Case by case only: with a recorded reason and a named approver.",
    "S": "An agency of this kind gets a summary.",
    "I": "An agency of this kind gets that there is something.",
}
_ELSEWHERE = "This answer has no place for it."


def says(because: str, level: Level) -> str:
    """Why a section was given at this level and no higher, in a sentence.

    `because` is the code of the row: "D17/LANDLORD:S P6", "stage:RESEARCH", "victims-condition".
    """
    if because.endswith(" not-sealed-to"):
        return "No copy of it is sealed to this reader."
    if because in _WHOLE:
        return _WHOLE[because]
    before, _, after = because.partition(":")
    if before in _BEFORE:
        return _BEFORE[before]
    written = after.split(" ")[0]
    if level is Level.NONE and written not in ("-", "C"):
        return _ELSEWHERE
    return _CELLS.get(written, _ELSEWHERE)
