"""Owns the demonstration's two operators: invented, their keys in this process alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway.agencies import requested
from gateway.agencies.enrolment import acting
from gateway.agencies.registry import Enrolment
from gateway.agencies.requested import APPROVES, ASKS, Request
from gateway.flows import agencies
from gateway.ledger import Sessions, begin
from gateway.sealing import operators
from gateway.sealing.keys import Keys
from gateway.sealing.operators import Operator, Operators


def _two() -> tuple[Operator, Operator]:
    return operators.fresh("first-operator"), operators.fresh("second-operator")


@dataclass(frozen=True, slots=True)
class Registrars:
    """Two operators: the first asks, the second approves."""

    sessions: Sessions
    keys: Keys
    pair: tuple[Operator, Operator] = field(default_factory=_two)

    @property
    def known(self) -> Operators:
        """Both, as the gateway knows them."""
        return {each.id: each.key for each in self.pair}

    def register(self, *, now: datetime, **what: Any) -> Enrolment:
        """Let an agency in; `what` as `requested.registration` takes it."""
        return self.carry_out(requested.registration(now=now, **what), now)

    def rekey(self, *, now: datetime, **what: Any) -> Enrolment:
        """Give an agency other keys; `what` as `requested.rekeying` takes it."""
        return self.carry_out(requested.rekeying(now=now, **what), now)

    def carry_out(self, asked: Request, now: datetime) -> Enrolment:
        """Ask, and approve."""
        first, second = self.pair
        self.ask(asked, now, by=first)
        return self.approve(asked, now, by=second)

    def ask(self, asked: Request, now: datetime, *, by: Operator) -> None:
        """Ask as one operator."""
        proof = by.state(asked.statement(ASKS, now))
        with begin(self.sessions, self.keys, acting(by.id), now) as work:
            agencies.ask(work, asked, proof=proof, known=self.known)

    def approve(self, asked: Request, now: datetime, *, by: Operator) -> Enrolment:
        """Approve as one operator."""
        proof = by.state(asked.statement(APPROVES, now))
        with begin(self.sessions, self.keys, acting(by.id), now) as work:
            return agencies.approve(work, agency_id=asked.agency_id, proof=proof, known=self.known)
