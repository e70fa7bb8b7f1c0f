"""Owns how a page reaches what the service holds."""

from __future__ import annotations

import hmac
from typing import cast
from urllib.parse import urlsplit

from flask import current_app

from gateway.agencies.passkeys import Site
from gateway.house import House

ROOT = "/desk"


def house() -> House:
    """The house of the current application."""
    return cast(House, current_app.extensions["gateway"])


def site() -> Site:
    """Where passkeys hold: the service's own public address, and never the Host header."""
    here = house()
    base_url = here.settings.base_url
    return Site(
        host=urlsplit(base_url).hostname or "",
        origin=base_url,
        key=hmac.digest(here.keys.cursor, b"desk|v1", "sha256"),
        replay=here.replay,
    )


def is_secure() -> bool:
    """Whether the service is spoken to over TLS; a demonstration on one machine is not."""
    return house().settings.base_url.startswith("https:")
