"""Owns what a row of the second wall is: which rows of a table who may see and write, and why.

The rows stand in gateway.store.walls, one for each table. PostgreSQL's policies and grants and
SQLite's views and triggers are both written from them, so that neither can be wider than the other.
A predicate is SQL with gaps: `{row}` is the row that is looked at, `{me}` the agency (or named
context) of the transaction, `{member:column}` whether that agency has a part in the case of this
column. Without a context `{me}` is NULL, and no predicate is true of any row. Row-level security
knows no columns: what only one agency may read lies in a table of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class System(StrEnum):
    """A named context: not an agency, and not everything. Only gateway.ledger opens one."""

    ROUTING = "@routing"  # who there is, and which case a reference leads to
    MATCHING = "@matching"  # finding people again, across all cases
    SEQUENCER = "@sequencer"  # the access log's own machinery
    CLOCK = "@clock"  # the timetable of a conference, and what time has ended
    NOTIFIER = "@notifier"  # what nobody has read, and who is to be told
    OPERATOR = "@operator"  # who registers agencies; never a case
    KEEPER = "@keeper"  # keys that lie under other keys; with a case, that one case


def kept(case_id: str) -> str:
    """The context of who keeps one case, renews its keys or ends it, and sees no other."""
    return f"{System.KEEPER}:{case_id}"


class Act(StrEnum):
    """What a statement does with a row."""

    READ = "SELECT"
    ADD = "INSERT"
    CHANGE = "UPDATE"
    REMOVE = "DELETE"


# The roles that may still act on a case after it was merged into another one.
WRITERS = "('REFERRER', 'IDVA', 'COORDINATOR', 'NAMED')"
ALL, NOBODY = "1 = 1", "1 = 0"


@dataclass(frozen=True, slots=True)
class Wall:
    """Who may do what with the rows of one table; what is not said is done by nobody.

    `agency` is for agencies, by act. `system` is for named contexts: by context, the acts, each of
    all rows unless a predicate is given. `keeper` is for who keeps one case,
    and of that case alone.
    """

    why: str
    agency: Mapping[Act, str] = field(default_factory=dict)
    system: Mapping[System, Mapping[Act, str]] = field(default_factory=dict)
    keeper: Mapping[Act, str] = field(default_factory=dict)

    @property
    def acts(self) -> tuple[Act, ...]:
        """What anybody at all may do with the table: what the service's role is granted."""
        given = {
            *self.agency,
            *self.keeper,
            *(act for acts in self.system.values() for act in acts),
        }
        return tuple(act for act in Act if act in given)

    def gives(self, act: Act, who: str) -> bool:
        """Whether an agency or named context may change or remove any row; "" is nobody.

        What is an agency's own, or of those who have a part in a case, is so of no named context.
        """
        if who.startswith(f"{System.KEEPER}:"):
            return act in self.keeper
        if who.startswith("@"):
            return any(each == who and act in acts for each, acts in self.system.items())
        return act in self.agency and who != ""

    def predicate(self, act: Act) -> str:
        """Who may do this, as one predicate."""
        parts = []
        everything = [each for each, acts in self.system.items() if acts.get(act) == ALL]
        if everything:
            parts.append("{me} IN (" + ", ".join(f"'{each}'" for each in everything) + ")")
        parts += [
            f"({{me}} = '{each}' AND ({acts[act]}))"
            for each, acts in self.system.items()
            if act in acts and acts[act] != ALL
        ]
        parts += [acts[act] for acts in (self.agency, self.keeper) if act in acts]
        return " OR ".join(parts) if parts else NOBODY


def fill(predicate: str, *, row: str, me: str, part: str) -> str:
    """Write a predicate for one kind of database.

    `part` tells whether `{me}` has a part in the case `{case}`.
    """

    def member(found: re.Match[str]) -> str:
        column = found[1] if "." in found[1] else f"{row}.{found[1]}"
        case = f"CAST({column} AS CHAR(36))" if found[1] == "subject" else column
        return part.replace("{case}", case)

    text = re.sub(r"\{member:([\w.]+)\}", member, predicate)
    gaps = {"{row}": row, "{me}": me, "{writers}": WRITERS}
    for gap, written in gaps.items():
        text = text.replace(gap, written)
    return text
