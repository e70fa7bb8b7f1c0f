"""Owns what a later assessment adds to a case: it may raise, it never lowers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.rules.criteria import CriteriaRules
from gateway.rules.facts import RiskGrade
from gateway.rules.grading import risk_level
from gateway.schemas.codes import Criterion, ProfessionalLevel, RiskLevel

_RANK = {
    RiskLevel.UNASSESSED: 0,
    RiskLevel.STANDARD: 1,
    RiskLevel.MEDIUM: 2,
    RiskLevel.HIGH: 3,
}


def raised_by(grade: RiskGrade, rules: CriteriaRules) -> frozenset[Criterion]:
    """Return the criteria that one assessment shows by itself."""
    least = rules.visible_high_risk.get(grade.instrument)
    if least is not None and grade.score >= least:
        return frozenset({Criterion.VISIBLE_HIGH_RISK})
    if grade.level_professional is ProfessionalLevel.HIGH:
        return frozenset({Criterion.PROFESSIONAL_JUDGEMENT})
    return frozenset()


def raised_level(before: RiskLevel, criteria: frozenset[Criterion], grade: RiskGrade) -> RiskLevel:
    """Return the level after a new assessment: what stood, or what the new one adds."""
    return higher(before, risk_level(criteria, [grade]))


def higher(one: RiskLevel, other: RiskLevel) -> RiskLevel:
    """Return the higher of two levels; not assessed is the lowest."""
    return max(one, other, key=_RANK.__getitem__)


def highest_judgement(grades: tuple[RiskGrade, ...]) -> ProfessionalLevel:
    """Return the highest level that a human gave in any of the assessments."""
    order = list(ProfessionalLevel)
    levels = (grade.level_professional for grade in grades)
    return max(levels, key=order.index, default=ProfessionalLevel.NONE)


def grade_of(stored: Mapping[str, Any]) -> RiskGrade:
    """Return a grade as it was stored, codes and all."""
    levels = ("level_score", "level_professional", "level_final")
    lists = ("critical", "prompts")
    return RiskGrade(
        **{
            **stored,
            **{name: ProfessionalLevel(stored[name]) for name in levels},
            **{name: tuple(stored[name]) for name in lists},
        }
    )
