"""Owns how chance is asked: for so many bytes that nobody can foresee.

It comes from outside, as the clock does, so that a test can see the same twice. Whoever starts the
service gets the operating system's; no setting changes that. Keys, nonces and signatures ask the
operating system themselves, whoever stands outside.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable

Chance = Callable[[int], bytes]
"""A number of bytes -> as many of them, each as likely as any other."""

SYSTEM: Chance = secrets.token_bytes


def new_uuid(chance: Chance) -> str:
    """A UUID of version 4 (RFC 9562), which tells nothing."""
    return str(uuid.UUID(bytes=chance(16), version=4))
