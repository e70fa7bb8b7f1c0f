"""The door to the log for everyone: checkpoint and tiles as C2SP tlog-tiles has them, no token.

They show how many entries there were in each quarter of an hour, and nothing of any of them.
"""

from __future__ import annotations

from contextlib import suppress

from flask import Blueprint, Response

from gateway import ledger
from gateway.api.house import house
from gateway.api.rates import require_public
from gateway.errors import NotFound, Unavailable
from gateway.sealing import tlog

tiles = Blueprint("tiles", __name__, url_prefix="/log")

PUBLIC_ENDPOINTS = frozenset({"tiles.checkpoint", "tiles.tile"})

_FOR_EVER = "public, max-age=31536000, immutable"  # a tile never changes, nor does a part of it
_BRIEFLY = "public, max-age=5"


@tiles.get("/checkpoint")
def checkpoint() -> Response:
    """Answer with the checkpoint of this round, and everyone's signatures below it."""
    here = house()
    require_public(here, here.clock())
    with suppress(Unavailable):  # what was signed before can be shown all the same
        ledger.sequence(here.sessions, here.keys, now=here.clock())
    with ledger.reading_log(here.sessions) as session:
        note = ledger.published_checkpoint(session, here.clock())
    return _open(Response(note, content_type="text/plain; charset=utf-8"), _BRIEFLY)


@tiles.get("/tile/<path:rest>")
def tile(rest: str) -> Response:
    """Answer with up to 256 hashes of a level, or with the entries themselves."""
    wanted = tlog.read_path(rest)
    if wanted is None:
        raise NotFound
    here = house()
    require_public(here, here.clock())
    with ledger.reading_log(here.sessions) as session:
        data = ledger.read_tile(session, wanted, here.clock())
    return _open(Response(data, content_type="application/octet-stream"), _FOR_EVER)


def _open(response: Response, caching: str) -> Response:
    response.headers["Cache-Control"] = caching
    return response
