"""Owns what a running service holds, for whichever door."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from gateway.agencies.replay import Replay
from gateway.agencies.single_sign_on import Provider
from gateway.config import Settings
from gateway.ledger import Pressure, Sequencer
from gateway.profiles.loader import Profiles
from gateway.schemas.chance import SYSTEM, Chance
from gateway.sealing.keys import Keys

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker


@dataclass(frozen=True, slots=True)
class House:
    """Everything one service process shares; made by `create_app`, never changed."""

    settings: Settings
    sessions: sessionmaker[Session]
    keys_at: Callable[[datetime], Keys]
    profiles: Profiles
    replay: Replay
    clock: Callable[[], datetime]
    pressure: Pressure
    sequencer: Sequencer
    chance: Chance = SYSTEM
    provider: Provider | None = None  # for single sign-on

    @property
    def keys(self) -> Keys:
        """The gateway's keys as they are at this moment; an operator may exchange one any time."""
        return self.keys_at(self.clock())
