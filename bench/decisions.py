"""Owns how long one need-to-know decision takes, for one agency over every section."""

from __future__ import annotations

import statistics
import time
from itertools import product

from gateway.profiles.loader import Profiles
from gateway.rules.disclosure import decide
from gateway.rules.facts import Allowed, Caller, CaseFacts, Membership, SectionFacts
from gateway.rules.matrix import Matrix
from gateway.schemas.codes import AgencyKind, CaseRole, CaseState, Outcome, Position, Purpose

ASKER = "asker"
_ASKED = (
    (AgencyKind.COORDINATOR, CaseRole.COORDINATOR),
    (AgencyKind.IDVA, CaseRole.IDVA),
    (AgencyKind.POLICE, CaseRole.NAMED),
    (AgencyKind.LANDLORD, CaseRole.RESEARCH),
)
_PURPOSES = (Purpose.P1, Purpose.P6, Purpose.P9)
_AT_ONCE = 20


def measure(*, rounds: int) -> dict[str, float]:
    """Microseconds of a decision: median of the rounds and the fastest, over who asks for what.

    :raises AssertionError: if a decision is not the one that was made before the clock ran.
    """
    profiles = Profiles.load()
    matrix = profiles.history(profiles.areas[0])[-1].matrix
    taken = []
    for (kind, role), purpose in product(_ASKED, _PURPOSES):
        case, caller = _case(matrix, kind, role), Caller(ASKER, kind, "", worker_id="worker-1")
        first = decide(case, caller, purpose, matrix)
        assert isinstance(first, Allowed)
        assert first.levels
        assert first.reasons.keys() == matrix.section_category.keys()
        for _ in range(rounds):
            began = time.perf_counter()
            for _ in range(_AT_ONCE):
                last = decide(case, caller, purpose, matrix)
            taken.append((time.perf_counter() - began) / _AT_ONCE * 1e6)
            assert last == first
    return {"median, us": round(statistics.median(taken), 1), "fastest, us": round(min(taken), 1)}


def _case(matrix: Matrix, kind: AgencyKind, role: CaseRole) -> CaseFacts:
    """Return a case at the research stage with every section, contributed by somebody else."""
    sealed_to = frozenset({ASKER})
    return CaseFacts(
        case_id="c1",
        state=CaseState.RESEARCH,
        outcome=Outcome.ALLOW,
        in_conference=False,
        members={ASKER: Membership(ASKER, kind, frozenset({role}))},
        sections=tuple(
            SectionFacts(name, "referrer", True, sealed_to) for name in matrix.section_category
        ),
        position=Position.GIVEN,
    )
