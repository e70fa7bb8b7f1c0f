"""Owns refusing an override record field by field, alone or within a referral."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.errors import Invalid, Problem
from gateway.ledger import Work
from gateway.rules import overrides
from gateway.rules.limits import Limits


def check_override(
    work: Work,
    is_reliable: overrides.Reliable,
    record: Mapping[str, Any],
    limits: Limits,
    *,
    at: str,
) -> None:
    """Refuse a record whose fields contradict the day, the law or what she said.

    :raises Invalid: naming each field below the pointer `at`.
    """
    found = overrides.faults(record, limits, now=work.now, is_reliable=is_reliable)
    if found:
        raise Invalid(
            "The override record is not complete.",
            *(Problem(code, f"{at}/{'/'.join(map(str, path))}") for code, path in found),
        )
