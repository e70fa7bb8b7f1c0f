"""The door for whoever watches the service: whether it can do its work now. No token."""

from __future__ import annotations

import time

from flask import Blueprint, Response, current_app

from gateway.api.house import House, house
from gateway.errors import GatewayError, Unavailable
from gateway.ledger import OPERATOR, begin, sequence

health = Blueprint("health", __name__)

PUBLIC_ENDPOINTS = frozenset({"health.ready"})

_GOOD_FOR = 1.0  # seconds: strangers may ask, and a token is slow
_PROBE, _PLACE = b"\0" * 32, b"ready|v1"


@health.get("/ready")
def ready() -> Response:
    """Answer 204 if a line could be written to the log, sealed, and given its place."""
    kept: dict[str, tuple[float, bool]] = current_app.extensions.setdefault("gateway.ready", {})
    at, is_well = kept.get("last", (float("-inf"), False))
    if time.monotonic() - at > _GOOD_FOR:
        is_well = _is_well(house())
        kept["last"] = time.monotonic(), is_well
    if not is_well:
        raise Unavailable("The service cannot do all of its work.")
    return Response(status=204)


def _is_well(here: House) -> bool:
    """Try it: a count as of any poll, a key as of any case, the lines that wait just now."""
    now = here.clock()
    try:
        with begin(here.sessions, here.keys, OPERATOR, now) as work:
            work.count("service.ready")
        provider = here.keys.provider
        is_same = provider.unwrap(*provider.wrap(_PROBE, _PLACE), _PLACE) == _PROBE
        sequence(here.sessions, here.keys, now=now)
        return is_same and not here.pressure.is_behind(now)
    except GatewayError:
        return False
