"""Owns that nobody does too much: an agency's buckets, after it is known and before it is heard.

Before an agency is known no bucket of one is touched: whoever it says to be, a stranger neither
learns from a limit nor fills that agency's bucket for it.
"""

from __future__ import annotations

import math
from contextlib import suppress
from datetime import datetime

from gateway.api.house import House
from gateway.api.refusals import record_refusal
from gateway.errors import TooMany, Unavailable
from gateway.rules.facts import Caller
from gateway.schemas.codes import Limited


def require_public(here: House, now: datetime) -> None:
    """Take one from the bucket of all who read the published log, whoever they are.

    Nothing is kept of who asks. It bounds what strangers together cost; that one of them leaves
    nothing for the others is for the proxy in front, which sees addresses. The log stays open if
    the store of buckets is not there: what is published discloses nothing.

    :raises TooMany: with the seconds to wait, if the bucket is empty.
    """
    rate = here.profiles.rates[Limited.PUBLIC]
    with suppress(Unavailable):
        empty = here.replay.take(
            str(Limited.PUBLIC), burst=rate.burst, per_second=rate.per_minute / 60, now=now
        )
        if empty is not None:
            here.replay.count_failure("too-many-public", now)
            raise TooMany("The log is read too often.", wait=max(1, math.ceil(empty.wait)))


def require(here: House, caller: Caller, what: Limited, now: datetime) -> None:
    """Take one from the caller's bucket for what it wants to do.

    The first refusal in a row is an entry of the access log; those after it are counted, so that
    what is refused costs no durable commit each time.

    :raises TooMany: with the seconds to wait, if the bucket is empty.
    :raises Unavailable: if the store of buckets does not answer.
    """
    rate = here.profiles.rates[what]
    empty = here.replay.take(
        f"{what}|{caller.agency_id}",
        burst=rate.burst,
        per_second=rate.per_minute / 60,
        now=now,
    )
    if empty is None:
        return
    if empty.times == 1:
        record_refusal(here, caller, "rate.exceeded", f"too-many-{what}", now)
    else:
        here.replay.count_failure("too-many-requests", now)
    raise TooMany("This is asked too often.", wait=max(1, math.ceil(empty.wait)))
