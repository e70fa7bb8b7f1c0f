"""Our rules against the same rules stated in Cedar from the guidance: not one point may differ."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from random import Random

import pytest
from cedarpy import Entities, PolicySet, is_authorized_batch

from gateway.profiles.loader import Profiles
from gateway.rules.consent import decide, every_combination
from gateway.rules.facts import ConsentFacts
from gateway.schemas.codes import AgencyKind, Duty, Level, Recipient, RecordKind
from tests.oracle.cedar import HERE, Policies, at_once, differences, shipped
from tests.oracle.points import Situation, at_random, base, categories, neighbours, shown

SEED, POINTS = 20261122, 20_000


@lru_cache
def asked() -> Mapping[AgencyKind, frozenset[Situation]]:
    """Every situation of the base in which anything is shown, and all that differ in one thing."""
    permits = [each for each in base() if shown(each)]
    found = {near for each in permits for near in (each, *neighbours(each))}
    return {kind: frozenset(each for each in found if each.kind is kind) for kind in AgencyKind}


@pytest.mark.parametrize("kind", AgencyKind)
def test_M16_every_permit_and_its_one_step_neighbours_agree(kind: AgencyKind) -> None:
    """A neighbour differs in one thing: kind, purpose, role, stage, outcome, fact, wall, owner.

    A neighbour by section is in the same situation, and all sections of each are asked.
    """
    situations = asked()[kind]
    found, points, allowed = differences(situations, shipped())

    assert found == []
    assert allowed > 0
    assert points == len(situations) * len(categories())


def test_M16_twenty_thousand_points_at_random_agree() -> None:
    """Asked of the whole set at once, which also shows that asking policy by policy is the same."""
    chance = Random(SEED)  # noqa: S311 - the same points every time
    names = sorted(categories())
    seen = set()
    for _ in range(POINTS):
        each, section = at_random(chance), chance.choice(names)
        level = shown(each).get(section, Level.NONE)
        assert at_once(each, section, shipped()) is level, (each, section, level)
        seen.add(level)
    assert seen == {Level.NONE, Level.INDICATOR, Level.SUMMARY, Level.FULL}


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        (
            "ACUTE",
            'Kind::"ACUTE", action == Action::"ind',
            'Kind::"ACUTE", action in Action::"full',
        ),
        ("SUBSTANCE_USE", 'context.facts.contains("client")', "true"),
        ("LANDLORD", 'unless { resource in Category::"D27" }', "unless { true }"),
        ("POLICE", "when { context.conflict }", "when { false }"),
        ("IDVA", 'context.stage != "MONITORING" &&', ""),
        ("REFUGE", '(context.stage == "MEETING" && context.present)', 'context.stage == "MEETING"'),
        ("CSC", "!context.sealed", "false"),
        ("PERP_PROGRAMME", '["P1", "P5", "P6", "P9"]', '["P1", "P2", "P5", "P6", "P9"]'),
    ],
)
def test_M16_a_policy_that_says_something_else_is_noticed(
    kind: str, before: str, after: str
) -> None:
    """The comparison can fail: each of these is one slip in the second statement."""
    text = (HERE / "need_to_know.cedar").read_text()
    assert before in text
    other = Policies(text.replace(before, after))
    situations = sorted(asked()[AgencyKind(kind)], key=str)[::4]
    assert differences(situations, other)[0]


# --- consent ----------------------------------------------------------------------------------


def test_M16_the_consent_table_agrees_in_all_combinations() -> None:
    """Who is told, which duty fires, where an override is recorded: ten questions for each."""
    profiles = Profiles.load()
    table = profiles.history(profiles.areas[0])[-1].consent
    policies = PolicySet.from_str((HERE / "consent.cedar").read_text())
    entities = Entities.from_json_str(json.dumps([]))
    questions = [
        *(("share", "Recipient", each) for each in Recipient),
        *(("fire", "Duty", each) for each in Duty),
        ("record", "Record", RecordKind.OVERRIDE),
    ]
    for facts in every_combination():
        decision = decide(table, facts)
        ours = [
            *(each in decision.share_with for each in Recipient),
            *(each in decision.duties for each in Duty),
            RecordKind.OVERRIDE in decision.must_record,
        ]
        requests = [
            {
                "principal": 'Gateway::"gateway"',
                "action": f'Action::"{action}"',
                "resource": f'{kind}::"{each}"',
                "context": _context(facts),
            }
            for action, kind, each in questions
        ]
        answers = is_authorized_batch(requests, policies, entities)
        assert not any(each.diagnostics.errors for each in answers)
        assert [each.allowed for each in answers] == ours, facts


def _context(facts: ConsentFacts) -> dict[str, object]:
    return {
        "position": str(facts.position),
        "risk": str(facts.risk),
        "child": str(facts.child),
        "danger": str(facts.danger),
        "capacity": str(facts.capacity),
        "age": str(facts.age),
        "careNeeds": facts.care_needs,
    }
