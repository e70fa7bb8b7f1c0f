"""Owns a survivor's access statement: made for her adviser, only if it is safe to hand over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gateway.agencies import directory
from gateway.disclosure import (
    Given,
    Sealed,
    disclose,
    is_safe_to_tell,
    list_all_given,
    seal_answer,
)
from gateway.errors import Conflict, Denied
from gateway.flows.cases.finding import find_case, find_roles
from gateway.ledger import Work
from gateway.rules import statement
from gateway.rules.facts import Standing
from gateway.rules.statement import Line, Reading
from gateway.schemas import moments
from gateway.schemas import reference as references
from gateway.schemas.codes import CaseRole, Category, Outcome, Purpose

EVENT = "statement.made"


def make_statement(work: Work, reference: str, *, issuer: str) -> Sealed:
    """Who was given what of a case, in plain words for the victim, from its receipts.

    For a worker of her adviser's service, by name. Nothing is sent to anybody.

    :raises Denied: for everybody else.
    :raises Conflict: code not_safe_to_tell, unless it was recorded that telling her is safe.
    """
    work.attempt(EVENT, purpose=Purpose.P2)
    case_id = find_case(work, reference)
    roles = {row.role for row in find_roles(work, case_id)}
    if CaseRole.IDVA not in roles or work.caller.worker_id is None:
        raise Denied("not-her-adviser", subject=case_id)
    found = disclose(work, case_id, Purpose.P2, event=EVENT, opens=())
    if not is_safe_to_tell(work, case_id):
        raise Conflict("Nobody recorded that it is safe to tell her.", code="not_safe_to_tell")
    told = statement.lines(
        _readings(
            list_all_given(work, case_id),
            directory.standing(work.session),
            found.profile.matrix.section_category,
        )
    )
    return seal_answer(
        work,
        issuer=issuer,
        form="statement/1",
        document={
            "reference": references.write(reference),
            "made_at": moments.write(work.now),
            "lines": [_shown(line) for line in told],
            "text": statement.text(told),
        },
        purpose=Purpose.P2,
        entry=found.entry,
        cases=[found.facts],
    )


def _readings(
    given: Iterable[Given],
    partners: Mapping[str, Standing],
    category_of: Mapping[str, Category],
) -> Iterable[Reading]:
    for each in given:
        yield Reading(
            partners[each.agency_id].kind,
            each.at.date(),
            frozenset(category_of[name] for name in each.part["levels"] if name in category_of),
            Purpose(each.part["purpose"]),
            Outcome(each.kept["consent"]["outcome"]),
        )


def _shown(line: Line) -> dict[str, Any]:
    return {
        "on": line.on.isoformat(),
        "who": line.who,
        "what": list(line.what),
        "why": line.why,
        "basis": line.basis,
    }
