"""What one of several processes does to a replay store; light, so that starting it costs little."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from gateway.agencies.replay import Replay


def use_all(url: str, now: datetime, answers: Any) -> None:
    """Open the store and use the same forty proofs as everybody else."""
    store = Replay.open(url, now)
    at = now.timestamp()
    answers.put(
        [
            store.first_use(
                "dpop",
                htu="h",
                jkt="k",
                jti=str(number),
                issued_at=at,
                expires_at=int(at) + 61,
                now=now,
            )
            for number in range(40)
        ]
    )
    store.close()
