"""Owns how a change of rule tables reads: what it would newly allow or refuse, in plain words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping

from gateway.cli import words
from gateway.rules.boxes import Box
from gateway.rules.changes import ANY, STAGES, Rules, SightChange
from gateway.rules.consent import INPUTS
from gateway.rules.consent_changes import ConsentChange, Ruling
from gateway.rules.matrix import Matrix
from gateway.schemas.codes import AgencyKind, Category, Level, Position, Purpose, Recipient, Stage

KINDS: Mapping[AgencyKind, str] = {
    AgencyKind.COORDINATOR: "The coordinator",
    AgencyKind.IDVA: "The IDVA service",
    AgencyKind.POLICE: "Police",
    AgencyKind.PROBATION: "Probation",
    AgencyKind.CSC: "Children's social care",
    AgencyKind.ASC: "Adult social care",
    AgencyKind.ACUTE: "Hospitals",
    AgencyKind.PRIMARY_CARE: "Surgeries, health visitors and midwives",
    AgencyKind.MENTAL_HEALTH: "Mental health services",
    AgencyKind.SUBSTANCE_USE: "Substance use services",
    AgencyKind.EDUCATION: "Schools and colleges",
    AgencyKind.LANDLORD: "Landlords",
    AgencyKind.LA_HOUSING: "Council housing",
    AgencyKind.PERP_PROGRAMME: "Programmes for perpetrators",
    AgencyKind.REFUGE: "Refuges",
    AgencyKind.AUDITOR: "Auditors",
    AgencyKind.OTHER: "Other agencies",
}
POSITIONS: Mapping[Position, str] = {
    Position.GIVEN: "given",
    Position.WITHHELD: "refused",
    Position.WITHDRAWN: "withdrawn",
    Position.NOT_SOUGHT_UNSAFE: "not sought because asking is unsafe",
    Position.NOT_SOUGHT_UNABLE: "not sought because she cannot be reached",
    Position.UNRECORDED: "not recorded",
}
RECIPIENTS: Mapping[Recipient, str] = {
    Recipient.MARAC: "the conference",
    Recipient.IDVA: "the IDVA service",
    Recipient.POLICE: "police",
    Recipient.CSC: "children's social care",
    Recipient.ASC: "adult social care",
}
_ALL = math.prod(len(values) for values in INPUTS.values())
_STAGES: Mapping[Stage, str] = {
    Stage.BEFORE_LISTING: "before listing",
    Stage.RESEARCH: "at the research stage",
    Stage.MEETING: "at the meeting",
    Stage.AFTER: "after the meeting",
    Stage.MONITORING: "while monitored",
}
_LEVELS: Mapping[Level, str] = {
    Level.FULL: "in full",
    Level.SUMMARY: "as a summary",
    Level.INDICATOR: "as an indicator",
    Level.CASE_BY_CASE: "once approved case by case",
    Level.NONE: "not at all",
}


def sight(change: SightChange, tables: tuple[Matrix, ...], *, every: frozenset[Rules]) -> str:
    """Return one change of what is seen as a sentence.

    `tables` give the words; `every` are all pairs of consent rows with which its kinds read.
    """
    what = f"{_subjects(change.kinds)} would {_verb(change)} {_objects(change, tables)}"
    parts = [
        f"{what} {_LEVELS[_shown(change)]}{_instead(change)}",
        _when(change),
        _purposes(change.purposes),
        _conditions(change, tables),
        _consent(change, every),
    ]
    return ", ".join(part for part in parts if part) + "."


def stated(old: Matrix, new: Matrix) -> Iterator[str]:
    """Yield which purposes each kind of agency may newly, or no longer, state."""
    for kind in AgencyKind:
        was, now = old.purposes[kind], new.purposes[kind]
        for purposes, newly in ((now - was, "newly"), (was - now, "no longer")):
            if purposes:
                yield f"{KINDS[kind]} may {newly} state {words.purposes(purposes)}."


def _verb(change: SightChange) -> str:
    if Level.NONE in (change.was, change.now):
        return "newly see" if change.is_more else "no longer see"
    return "see more:" if change.is_more else "see less:"


def _shown(change: SightChange) -> Level:
    """The level a sentence is about: the new one, or the one that is lost."""
    return change.was if change.now is Level.NONE else change.now


def _instead(change: SightChange) -> str:
    if Level.NONE in (change.was, change.now):
        return ""
    return f" instead of {_LEVELS[change.was].removeprefix('as ')}"


def _subjects(kinds: Iterable[AgencyKind]) -> str:
    chosen = set(kinds)
    first, *rest = (KINDS[kind] for kind in AgencyKind if kind in chosen)
    return listed([first, *(f"{each[0].lower()}{each[1:]}" for each in rest)])


def _objects(change: SightChange, tables: tuple[Matrix, ...]) -> str:
    """Return the categories, and the sections where a category has several."""
    matrix, found = tables[0], []
    for category in Category:
        sections = {name for name, of in matrix.section_category.items() if of is category}
        touched = sections & change.sections
        if not touched:
            continue
        part = "" if touched == sections else f", only {listed(sorted(touched))}"
        found.append(f"'{matrix.titles[category]}' ({category}{part})")
    return listed(found)


def _when(change: SightChange) -> str:
    if change.stages >= set(STAGES):
        said = "at every stage"
    else:
        said = listed([_STAGES[stage] for stage in STAGES if stage in change.stages])
    if change.present == {True}:
        return f"{said} for those in the room"
    return f"{said} for those not in the room" if change.present == {False} else said


def _purposes(purposes: frozenset[str]) -> str:
    if ANY in purposes:
        return "for every purpose they may state"
    return f"for {words.purposes(Purpose(each) for each in purposes)}"


def _conditions(change: SightChange, tables: tuple[Matrix, ...]) -> str:
    known = {code: said for matrix in reversed(tables) for code, said in matrix.conditions.items()}
    said = [
        " and ".join(known[name] if holds else f"not ({known[name]})" for name, holds in truth)
        for truth in sorted(map(sorted, change.conditions))
    ]
    return f"if {' or if '.join(said)}" if said else ""


def _consent(change: SightChange, every: frozenset[Rules]) -> str:
    rules = f"({', '.join(sorted(map(_rule, change.rules), key=_number))})"
    if change.rules >= every:
        return f"whenever they read at all {rules}"
    if change.positions >= set(Position):
        return f"whatever the victim's position {rules}"
    said = [POSITIONS[position] for position in Position if position in change.positions]
    left = [POSITIONS[position] for position in Position if position not in change.positions]
    if len(left) < len(said):
        return f"unless consent is {listed(left, last='or')} {rules}"
    return f"when consent is {listed(said, last='or')} {rules}"


def _rule(pair: Rules) -> str:
    return pair[0] if pair[0] == pair[1] else f"{pair[0]} before, {pair[1]} now"


def _number(rule: str) -> tuple[int, str]:
    digits = "".join(each for each in rule.split(" ")[0] if each.isdigit())
    return int(digits or 0), rule


def consent(change: ConsentChange) -> Iterator[str]:
    """Yield what changes for some combinations of the consent table, then which these are."""
    told = {
        "would newly be told": change.added,
        "would no longer be told": change.dropped,
        "would be told by duty alone": change.unnamed,
    }
    said = [f"{_named(who)} {what}" for what, who in told.items() if who]
    said = said or ["the same are told"]
    rules = _one_or_both(change.was.rule, change.now.rule)
    yield f"In {change.combinations:,} of {_ALL:,} combinations ({rules}): {'; '.join(said)}."
    yield from (f"  {line}" for line in _rulings(change.was, change.now))
    yield from (f"  where {_box(box)}" for box in change.where)


def _one_or_both(was: str, now: str) -> str:
    return now if was == now else f"{now} decides, {was} before"


def _rulings(was: Ruling, now: Ruling) -> Iterator[str]:
    """Yield what a row rules otherwise besides whom it tells."""
    for name, before, after in (
        ("outcome", was.outcome, now.outcome),
        ("to be recorded", words.codes(was.must_record), words.codes(now.must_record)),
        ("hours the record may wait", was.record_within_hours, now.record_within_hours),
        ("to be dealt with by", was.clock or "no clock", now.clock or "no clock"),
    ):
        if before != after:
            yield f"{name}: {after} instead of {before}"


def _named(recipients: Iterable[Recipient]) -> str:
    chosen = set(recipients)
    return listed([RECIPIENTS[each] for each in Recipient if each in chosen])


def _box(box: Box) -> str:
    """Return one box of the consent table's inputs; an input that may be anything is left out."""
    said = [
        f"{name} is {listed([str(value) for value in INPUTS[name] if value in values], last='or')}"
        for name, values in zip(INPUTS, box, strict=True)
        if len(values) < len(INPUTS[name])
    ]
    return ", ".join(said) or "anything"


def listed(parts: list[str], last: str = "and") -> str:
    """Return an enumeration: "a, b and c"."""
    return f" {last} ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))
