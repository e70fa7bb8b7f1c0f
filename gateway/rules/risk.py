"""Owns the grading of a filled risk instrument. Instruments are data, with versions.

A score is a floor, never a ceiling: a human's judgement raises it and is never lowered by it,
and an unknown answer never counts as "no".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from gateway.errors import Invalid, Problem
from gateway.rules.facts import AssessmentFacts, RiskGrade
from gateway.schemas.codes import Answer, ProfessionalLevel

RANK: Mapping[ProfessionalLevel, int] = {
    level: rank for rank, level in enumerate(ProfessionalLevel)
}  # NONE < STANDARD < MEDIUM < HIGH, the order in which the code list publishes them


@dataclass(frozen=True, slots=True)
class Item:
    """One question; `id` is stable and never reused, the label is our own short wording."""

    id: str
    label: str
    is_critical: bool = False
    counts: bool = True
    subitems: tuple[str, ...] = ()  # never scored


@dataclass(frozen=True, slots=True)
class Band:
    """Scores from `low` to `high`, both included, give `level`."""

    low: int
    high: int
    level: ProfessionalLevel


@dataclass(frozen=True, slots=True)
class Prompt:
    """A hint for a human that shows when each group has a YES; it raises nothing by itself."""

    code: str
    groups: tuple[frozenset[str], ...]
    quiet_at: ProfessionalLevel | None = None  # not worth saying once the level is this high


@dataclass(frozen=True, slots=True)
class Instrument:
    """A risk instrument in one version. Without bands its score supports no level at all."""

    id: str
    version: int
    title: str
    audience: str
    items: tuple[Item, ...]
    bands: tuple[Band, ...]
    prompts: tuple[Prompt, ...]
    unknown_limit: int  # from so many unknowns on the score is unreliable
    max_age_days: int  # older than this at submission: ask for a fresh one

    @property
    def key(self) -> str:
        """Name and version, as an assessment cites it, such as "DASH_RIC@1"."""
        return f"{self.id}@{self.version}"

    @property
    def maximum(self) -> int:
        """Return the highest score that its answers can reach."""
        return sum(item.counts for item in self.items)

    def level_of(self, score: int) -> ProfessionalLevel:
        """Return the level of the band a score falls in; NONE without bands."""
        for band in self.bands:
            if band.low <= score <= band.high:
                return band.level
        return ProfessionalLevel.NONE


def pick(instruments: Mapping[str, Instrument], key: str, pointer: str = "") -> Instrument:
    """Return the instrument in exactly the version that an assessment, at `pointer`, cites.

    :raises Invalid: if there is no such instrument or version.
    """
    found = instruments.get(key)
    if found is None:
        raise Invalid(
            "There is no instrument of that name and version.",
            Problem("unknown_code", f"{pointer}/instrument"),
        )
    return found


def unknown_items(instrument: Instrument, answers: Iterable[str]) -> tuple[str, ...]:
    """Return the ids among `answers` that are no items of the instrument, in the order given."""
    known = {item.id for item in instrument.items}
    return tuple(each for each in answers if each not in known)


def grade(instrument: Instrument, assessment: AssessmentFacts) -> RiskGrade:
    """Grade one assessment; score, judgement and result stay three separate facts.

    Only a YES counts, once per item. DONT_KNOW, NOT_ASKED, REFUSED and a missing answer are
    unknown. The final level is the higher of band and judgement.

    :raises Invalid: if the assessment cites another instrument or version, or answers an item
        that this one does not have: a YES must not be lost silently.
    """
    if assessment.instrument != instrument.key:
        raise Invalid("The assessment cites another instrument.", code="unknown_instrument")
    if unknown_items(instrument, assessment.answers):
        raise Invalid("An answer belongs to no item of the instrument.", code="unknown_item")
    counting = [item.id for item in instrument.items if item.counts]
    given = [assessment.answers.get(each, Answer.NOT_ASKED) for each in counting]
    yes, no = given.count(Answer.YES), given.count(Answer.NO)
    unknown = len(given) - yes - no
    level_score = instrument.level_of(yes)
    level_final = highest(level_score, assessment.professional_level)
    is_unreliable = unknown >= instrument.unknown_limit
    said = frozenset(key for key, value in assessment.answers.items() if value is Answer.YES)
    prompts = [p.code for p in instrument.prompts if _shows(p, said, level_final)]
    if is_unreliable:
        prompts.append("REASSESS_WHEN_SAFE")
    return RiskGrade(
        instrument=instrument.key,
        score=yes,
        maximum=len(counting),
        yes=yes,
        no=no,
        unknown=unknown,
        level_score=level_score,
        level_professional=assessment.professional_level,
        level_final=level_final,
        critical=tuple(i.id for i in instrument.items if i.is_critical and i.id in said),
        is_unreliable=is_unreliable,
        prompts=tuple(prompts),
        is_banded=bool(instrument.bands),
    )


def highest(*levels: ProfessionalLevel) -> ProfessionalLevel:
    """Return the highest of some levels; NONE of none."""
    return max(levels, key=RANK.__getitem__, default=ProfessionalLevel.NONE)


def is_stale(
    instrument: Instrument, assessed_on: date, *, on: date, last_incident_on: date | None = None
) -> bool:
    """Whether to ask for a fresh assessment; a reason to ask, never to block a referral."""
    too_old = on - assessed_on > timedelta(days=instrument.max_age_days)
    return too_old or (last_incident_on is not None and last_incident_on > assessed_on)


def dated(
    grade: RiskGrade,
    instrument: Instrument,
    assessed_on: date,
    *,
    on: date,
    last_incident_on: date | None = None,
) -> RiskGrade:
    """Return the grade with a prompt for a fresh assessment, if this one is stale."""
    if not is_stale(instrument, assessed_on, on=on, last_incident_on=last_incident_on):
        return grade
    return replace(grade, prompts=(*grade.prompts, "REFRESH_ASSESSMENT"))


@dataclass(frozen=True, slots=True)
class Difference:
    """One item answered differently in a later assessment."""

    item: str
    before: Answer
    after: Answer


def differences(before: AssessmentFacts, after: AssessmentFacts) -> tuple[Difference, ...]:
    """Return every item whose answer changed between two assessments by one instrument.

    :raises Invalid: if the two cite different instruments or versions.
    """
    if before.instrument != after.instrument:
        raise Invalid("The assessments cite different instruments.", code="unknown_instrument")
    changes = []
    for item in sorted(before.answers.keys() | after.answers.keys()):
        was = before.answers.get(item, Answer.NOT_ASKED)
        became = after.answers.get(item, Answer.NOT_ASKED)
        if was is not became:
            changes.append(Difference(item, was, became))
    return tuple(changes)


def _shows(prompt: Prompt, said: frozenset[str], level: ProfessionalLevel) -> bool:
    if prompt.quiet_at is not None and RANK[level] >= RANK[prompt.quiet_at]:
        return False
    return all(group & said for group in prompt.groups)
