"""What a position counts as, over every input of the consent table, every scope and every day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import chain, combinations

import pytest

from gateway.rules.consent import ConsentTable, decide, every_combination
from gateway.rules.positions import NOT_RENEWED, Said, after_expiry, counted
from gateway.schemas.codes import Danger, Outcome, Position, Recipient, RiskLevel
from gateway.schemas.consent_codes import ConsentScope
from tests.rules.test_consent import the_facts

LAST = date(2026, 11, 30)
BEFORE, AFTER = LAST - timedelta(days=1), LAST + timedelta(days=1)
MARAC, IDVA, HEALTH = ConsentScope.MARAC, ConsentScope.IDVA, ConsentScope.HEALTH
SCOPES = [
    frozenset(each) for each in chain.from_iterable(combinations(ConsentScope, n) for n in range(6))
]


def agreed(**changes: object) -> Said:
    """An agreement to everything that ends on the last day."""
    return replace(Said(Position.GIVEN, expires_on=LAST), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("position", list(Position))
@pytest.mark.parametrize(("on", "is_over"), [(BEFORE, False), (LAST, False), (AFTER, True)])
def test_F49_an_agreement_counts_up_to_its_last_day_and_nothing_else_ever_ends(
    consent: ConsentTable, position: Position, on: date, is_over: bool
) -> None:
    said = Said(position, expires_on=LAST)
    lapses = is_over and position is Position.GIVEN
    assert said.has_lapsed(on) is lapses
    facts = counted(consent, the_facts(position=position), said, on=on)
    assert facts.position is (NOT_RENEWED if lapses else position)


def test_F49_what_ended_is_decided_like_what_was_never_sought_in_every_combination(
    consent: ConsentTable,
) -> None:
    """No silent yes: nobody gets what only an agreement gives, and danger is still answered."""
    for facts in every_combination():
        if facts.position is not Position.GIVEN:
            continue
        after = decide(consent, counted(consent, facts, agreed(), on=AFTER))
        assert after == decide(consent, replace(facts, position=Position.NOT_SOUGHT_UNABLE))
        assert after.outcome is not Outcome.ALLOW
        assert after.outcome is not Outcome.ALLOW_SUPPORT
        if facts.danger is Danger.IMMINENT_LIFE:
            assert {Recipient.POLICE, Recipient.IDVA} <= after.share_with


def test_F49_what_will_hold_after_the_last_day_is_known_before(consent: ConsentTable) -> None:
    for facts in every_combination():
        said = agreed(position=facts.position)
        later = after_expiry(consent, facts, said, on=LAST)
        if facts.position is Position.GIVEN:
            assert later == decide(consent, counted(consent, facts, said, on=AFTER))
        else:
            assert later is None
        assert after_expiry(consent, facts, said, on=AFTER) is None
        assert after_expiry(consent, facts, Said(facts.position), on=LAST) is None


@pytest.mark.parametrize("scope", SCOPES, ids=lambda s: "+".join(sorted(s)) or "none")
def test_F47_an_agreement_covers_whom_it_was_given_for_in_every_combination(
    consent: ConsentTable, scope: frozenset[ConsentScope]
) -> None:
    for facts in every_combination():
        said = agreed(position=facts.position, scope=scope)
        after = decide(consent, counted(consent, facts, said, on=LAST))
        plain = decide(consent, facts)
        wanted = {each.name for each in plain.share_with} & {"MARAC", "IDVA"}
        if facts.position is not Position.GIVEN or not scope or wanted <= {s.name for s in scope}:
            assert after == plain
        else:
            assert after == decide(consent, replace(facts, position=Position.WITHHELD))


def test_F47_a_scope_never_keeps_help_away_where_life_is_in_danger(consent: ConsentTable) -> None:
    for scope in SCOPES:
        for facts in every_combination():
            if facts.danger is Danger.IMMINENT_LIFE:
                said = agreed(position=facts.position, scope=scope)
                after = decide(consent, counted(consent, facts, said, on=LAST))
                assert after.share_with == decide(consent, facts).share_with


def test_support_alone_asks_for_no_conference_in_its_scope(consent: ConsentTable) -> None:
    facts = the_facts(risk=RiskLevel.MEDIUM)
    assert counted(consent, facts, agreed(scope=frozenset({IDVA})), on=LAST) == facts
    other = counted(consent, facts, agreed(scope=frozenset({MARAC, HEALTH})), on=LAST)
    assert other.position is Position.WITHHELD


@pytest.mark.parametrize("position", list(Position))
def test_F49_she_is_asked_again_before_an_agreement_ends(position: Position) -> None:
    prompt = Said(position, expires_on=LAST).renew_from(28)
    assert prompt == (date(2026, 11, 2) if position is Position.GIVEN else None)
    assert Said(position).renew_from(28) is None
