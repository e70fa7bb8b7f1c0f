"""Owns what the victim's position counts as today: how far it reaches, and how long it lasts.

An agreement is never more than what was agreed: it ends on its day, and it covers only those it was
given for. What was recorded stays recorded; only what it counts as changes.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, timedelta

from gateway.rules.consent import ConsentTable, decide
from gateway.rules.facts import ConsentDecision, ConsentFacts
from gateway.schemas.codes import Position, Recipient
from gateway.schemas.consent_codes import ConsentScope

# Nobody has an answer of hers that counts today, and nobody asked in time: no "no", and no "yes".
NOT_RENEWED = Position.NOT_SOUGHT_UNABLE
NOT_COVERED = Position.WITHHELD

# Whom the consent table names that a scope speaks of; the others come by duty or in danger.
_SCOPE_OF = {Recipient.MARAC: ConsentScope.MARAC, Recipient.IDVA: ConsentScope.IDVA}


@dataclass(frozen=True, slots=True)
class Said:
    """A position as it was recorded. An empty scope was not asked about, and limits nothing."""

    position: Position
    scope: frozenset[ConsentScope] = frozenset()
    starts_on: date | None = None
    expires_on: date | None = None  # the last day on which an agreement counts

    def has_lapsed(self, on: date) -> bool:
        """Whether an agreement ended before this day without a new one. An objection never does."""
        is_over = self.expires_on is not None and self.expires_on < on
        return self.position is Position.GIVEN and is_over

    def renew_from(self, prompt_days: int) -> date | None:
        """The day from which she should be asked again; None for what does not end."""
        if self.position is not Position.GIVEN or self.expires_on is None:
            return None
        return self.expires_on - timedelta(days=prompt_days)


def counted(table: ConsentTable, facts: ConsentFacts, said: Said, *, on: date) -> ConsentFacts:
    """Return the inputs with the position as it counts on a day.

    An agreement that ended counts as not sought. One that does not cover whom the table would
    share with counts as withheld: sharing then needs the reason that any objection needs.
    """
    if said.has_lapsed(on):
        return replace(facts, position=NOT_RENEWED)
    agreed = replace(facts, position=said.position)
    if said.position is Position.GIVEN and not _covers(said.scope, decide(table, agreed)):
        return replace(facts, position=NOT_COVERED)
    return agreed


def after_expiry(
    table: ConsentTable, facts: ConsentFacts, said: Said, *, on: date
) -> ConsentDecision | None:
    """Return what holds from the day after an agreement ends; None if nothing will end."""
    if said.position is not Position.GIVEN or said.expires_on is None or said.has_lapsed(on):
        return None
    return decide(table, replace(facts, position=NOT_RENEWED))


def _covers(scope: Collection[ConsentScope], decision: ConsentDecision) -> bool:
    asked = {_SCOPE_OF[each] for each in decision.share_with if each in _SCOPE_OF}
    return not scope or asked <= set(scope)
