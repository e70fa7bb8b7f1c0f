"""Owns the buckets of the rate limits: in the replay store, off the durable commit path.

One statement takes from a bucket or leaves it, so that all workers of the service share it. A store
that was lost starts with full buckets.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine

from gateway.store.quick import Quick

DDL = (
    "CREATE {unlogged} TABLE IF NOT EXISTS replay.bucket ("
    " key VARCHAR(140) PRIMARY KEY, tokens DOUBLE PRECISION NOT NULL,"
    " updated DOUBLE PRECISION NOT NULL, refused BIGINT NOT NULL)"
)
# What a bucket holds by now is what it held, and what ran into it since, up to the brim.
_TAKE = Quick("""
    INSERT INTO replay.bucket AS b (key, tokens, updated, refused)
    VALUES (:key, :burst - 1, :now, 0)
    ON CONFLICT (key) DO UPDATE SET
        tokens = {least}(:burst, b.tokens + {greatest}(0.0, :now - b.updated) * :per_second) - 1,
        updated = {greatest}(b.updated, :now),
        refused = 0
    WHERE {least}(:burst, b.tokens + {greatest}(0.0, :now - b.updated) * :per_second) >= 1
    RETURNING tokens
""")
_REFUSE = Quick("""
    UPDATE replay.bucket AS b SET refused = refused + 1 WHERE key = :key
    RETURNING {least}(:burst, tokens + {greatest}(0.0, :now - updated) * :per_second), refused
""")


@dataclass(frozen=True, slots=True)
class Empty:
    """A bucket that held less than one: seconds until it holds one, refusals since it last did."""

    wait: float
    times: int


def take(engine: Engine, *, key: str, burst: int, per_second: float, now: float) -> Empty | None:
    """Take one from a bucket, or tell that it is empty."""
    values = {"key": key, "burst": float(burst), "per_second": per_second, "now": now}
    if _TAKE.rows(engine, values):
        return None
    refused = _REFUSE.rows(engine, values)
    if not refused:  # the store was emptied in between
        return None
    held, times = refused[0]
    return Empty(max(0.0, (1 - held) / per_second), times)
