"""Who may ever be shown what: the need to know said once more, by whoever made the county.

Written from the domain's table and rules and not from the product's: no code of the gateway decides
here. It says less than the product may: what it calls never is never, what it allows may still be
refused for a reason that it does not look at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

KINDS = (
    *("COORDINATOR", "IDVA", "POLICE", "PROBATION", "CSC", "ASC"),
    *("ACUTE", "PRIMARY_CARE", "EDUCATION", "LANDLORD", "LA_HOUSING"),
)

# Row by row of the domain's need-to-know table, the columns in the order above: full, summary, or a
# dot for nothing in words (a flag, case by case, or under a condition that no family meets).
_ROWS = """
D01 F F F F F F F F . F F
D02 F F F S F F . F . F F
D03 . F F . . . . . . . .
D04 . F F . . . . . . . .
D05 F F F F F F . S S . S
D06 F F F S F S . F . S S
D07 F F F S F S . S . S S
D08 F F F F F F S S . S S
D09 F F F . S . . . . . .
D10 S S S . S S F F . . .
D11 S F . . S S S F . . .
D12 S S . S S S S S . . .
D13 S F F . S . . . . . .
D14 . . . . . . . . . . .
LANG S F S . S S S S . . .
BACK . F . . S S . S . . .
IMM . F . . S S . S . . .
D16 . . F . . . . . . . .
D17 S S F F S S . . . S .
D18 F F F F F S . . . . S
D19 S S S . S . . . . F F
D20 . F . . . . . . . . .
D21 . F . . . . . . . . .
D22 . . . . . . . . . . .
D27 S . . . . . . . . . .
D24 F F F F F S S S S S S
D25 F F S . S . . . . . .
NOTE . . . . . . . . . . .
FILE . . . . . . . . . . .
"""  # LANG, BACK and IMM are D15; what an agency notes for itself, NOTE, is for nobody else, and a
# file, FILE, for nobody who has less than the whole case
TABLE: Mapping[tuple[str, str], str] = {
    (row.split()[0], kind): cell
    for row in _ROWS.strip().splitlines()
    for kind, cell in zip(KINDS, row.split()[1:], strict=True)
}

AT_ONCE = frozenset({"D01", "D02", "D03", "D04", "D05", "D06", "D07", "D08", "D18"})
"""What whoever a rule or a duty names is shown at any stage."""

FOR_RESEARCH = frozenset({"D01", "D02", "D05", "D06"})
"""What leaves the coordinator with a research request: names, dates, where to search; no story."""

IF_PRESENT = frozenset({"POLICE", "PROBATION", "CSC"})
"""Who reads what the meeting said in full, if somebody of it stayed to the end of the case."""

OPENS_NOTHING = frozenset({"P10", "P11"})
"""Audit opens the log alone, statistics counts alone."""


COORDINATORS = {"MARLBURY": "marlbury-marac", "FENHOLLOW": "fenhollow-marac"}
AUDITED = "MARLBURY"
"""The area whose auditor takes part; it may ask who looked at any case of it."""


HOSTED = frozenset({"fenhollow-idva"})
"""Agencies without software: what is sealed to one opens for a person of it alone."""

SEALED = frozenset({"D03", "D04", "NOTE"})
"""What the gateway cannot read but with a key that it keeps for an agency."""


@dataclass(frozen=True)
class Secret:
    """One planted word. `row` is that of the table, REF the reference of the case itself."""

    row: str
    word: str
    owner: str
    is_summary: bool = False
    is_returned: bool = False  # found by an agency in its own records, for one conference
    is_draft: bool = False  # in minutes that are not out


@dataclass(frozen=True)
class Asker:
    """Somebody with a token."""

    agency: str
    kind: str
    worker: str | None = None


@dataclass
class Family:
    """A case, what was planted in it, and who may ever see which of it."""

    story: str
    sender: str
    form: dict[str, Any] = field(repr=False)
    secrets: list[Secret] = field(repr=False)
    area: str = "MARLBURY"
    parts: dict[str, str] = field(default_factory=dict)  # agency to coordinator, idva, named, …
    listed: bool = True
    stage: str = "RESEARCH"  # of a listed case: then MEETING, AFTER, MONITORING
    attends: set[tuple[str, str]] = field(default_factory=set)  # workers who come, or wanted to
    signed: set[tuple[str, str]] = field(default_factory=set)  # for its conference, so as to count
    room: set[tuple[str, str]] = field(default_factory=set)  # who is there, or heard it to the end
    only: dict[str, frozenset[str]] = field(default_factory=dict)  # whom alone an agency reads by
    never: set[tuple[str, str]] = field(default_factory=set)  # workers who find nothing
    kept: set[tuple[str, str]] = field(default_factory=set)  # (agency, row) that she keeps from it
    opened: set[tuple[str, str | None, str]] = field(default_factory=set)  # by somebody's decision
    gone: set[str] = field(default_factory=set)  # words that were taken out for everybody
    past: set[str] = field(default_factory=set)  # agencies that had a part: they know its reference
    turn: int = 0
    written: tuple[Secret, ...] = ()  # what stands in the form
    reference: str = ""
    conference: str = ""


def may(family: Family, secret: Secret, asker: Asker, purpose: str | None) -> bool:
    """Whether somebody may ever be shown a secret, asking for a purpose; None is a list."""
    agency = asker.agency
    if secret.word in family.gone and agency != secret.owner:
        return False
    if (agency, asker.worker, secret.row) in family.opened:
        return True
    if _finds_nothing(family, asker):
        return False
    if secret.row == "REF":
        return knows(family, asker) or _may_confirm(family, asker)
    if purpose in OPENS_NOTHING:
        return False
    if agency in HOSTED and asker.worker is None and secret.row in SEALED:
        return False
    if secret.is_draft:
        runs = family.parts.get(agency) == "coordinator"
        return runs and (agency, asker.worker) in family.signed
    return agency == secret.owner or _by_need(family, secret, asker)


def knows(family: Family, asker: Asker) -> bool:
    """Whether somebody may be told anything of a case, be it that there is one."""
    is_audit = asker.kind == "AUDITOR" and family.area == AUDITED
    told = {*family.parts, *family.past, family.sender}
    if (asker.agency, asker.worker, "REF") in family.opened:
        return True
    return (is_audit or asker.agency in told) and not _finds_nothing(family, asker)


def _may_confirm(family: Family, asker: Asker) -> bool:
    """Whether a coordinator may see that a referral was made, as perhaps of the same people.

    A person always confirms a match. Of what is shared with nobody there is none.
    """
    is_shared = bool(family.parts or family.past)
    return is_shared and asker.agency == COORDINATORS[family.area]


def _finds_nothing(family: Family, asker: Asker) -> bool:
    """Whether somebody stands behind a wall: then there is no case."""
    agency, worker = asker.agency, asker.worker or ""
    alone = family.only.get(agency)
    return (agency, worker) in family.never or (alone is not None and worker not in alone)


def _by_need(family: Family, secret: Secret, asker: Asker) -> bool:
    if (asker.agency, None, secret.row) in family.opened:
        return True
    if (asker.agency, secret.row) in family.kept:
        return False
    cell = TABLE.get((secret.row, asker.kind), ".")
    if cell == "." or (cell == "S" and not secret.is_summary):
        return False
    part = family.parts.get(asker.agency)
    if part == "coordinator" or (part == "idva" and family.stage != "MONITORING"):
        return True
    if part == "named" and secret.row in AT_ONCE and not secret.is_returned:
        return True
    return part in ("idva", "named", "research") and _by_stage(family, secret, asker)


def _by_stage(family: Family, secret: Secret, asker: Asker) -> bool:
    """Whether whoever was asked to a conference is shown a class of its column now."""
    if family.stage == "MEETING":
        return _is_present(family, asker)
    if family.stage == "AFTER":
        stayed = asker.agency in {agency for agency, _ in family.room}
        has_all = asker.kind not in IF_PRESENT or stayed
        return secret.row in ("D24", "D25") and not secret.is_returned and has_all
    is_asked = family.stage == "RESEARCH" and family.listed
    return is_asked and secret.row in FOR_RESEARCH and not secret.is_returned


def _is_present(family: Family, asker: Asker) -> bool:
    """Whether somebody is in the room; software is, where anybody of its agency is."""
    if asker.worker is None:
        return asker.agency in {agency for agency, _ in family.room}
    return (asker.agency, asker.worker) in family.room
