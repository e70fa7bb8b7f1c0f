"""Owns the password and its six-digit codes: one is worth nothing without the other.

No hash of a password is kept. With Argon2id it makes a key, and the key opens the seed of the codes
(RFC 6238); what opens nothing is a wrong password. Whoever copies the database gets neither.
"""

from __future__ import annotations

import base64
import hmac
import secrets
import struct
import threading
from datetime import datetime
from urllib.parse import quote

from argon2.low_level import Type, hash_secret_raw

from gateway.errors import Invalid, TooMany, Undecipherable
from gateway.sealing import cells
from gateway.store.credentials import PasswordRow

STEP = 30  # seconds, RFC 6238 section 5.2
DIGITS = 6
SHORTEST, LONGEST = 12, 200  # characters; NIST SP 800-63B asks for eight and no rules of kind
_SEED, _SALT = 20, 16
_MEMORY, _TIMES = 19 * 1024, 2  # KiB and rounds: the second of the settings that OWASP names
_AT_ONCE = threading.BoundedSemaphore(4)  # each takes 19 MiB for some 30 ms
_NOBODY = PasswordRow(b"\0" * _SALT, b"", 0)


def new_seed() -> bytes:
    """A seed of codes, to be shown once."""
    return secrets.token_bytes(_SEED)


def seal(password: str, seed: bytes, *, agency_id: str, worker_id: str, step: int) -> PasswordRow:
    """What is kept of a password and the seed that it opens; `step` was the first code's.

    :raises Invalid: if the password is too short or too long.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise Invalid("A password has 12 to 200 characters.")
    salt = secrets.token_bytes(_SALT)
    place = {"table": "password", "column": "seed", "row": worker_id, "case": agency_id}
    sealed = cells.seal_cell(_key(password, salt), **place, gen=1, plaintext=seed)
    return PasswordRow(salt, sealed, step)


def open_seed(password: str, row: PasswordRow | None, *, agency_id: str, worker_id: str) -> bytes:
    """The seed that a password opens; for nobody's it takes as long to find out.

    :raises Undecipherable: if it opens nothing.
    """
    key = _key(password, (row or _NOBODY).salt)
    if row is None:
        raise Undecipherable("There is no password.")
    place = {"table": "password", "column": "seed", "row": worker_id, "case": agency_id}
    return cells.open_cell(key, **place, cell=row.seed)


def spend(password: str) -> None:
    """Take as long as a password does, for nobody's."""
    _key(password, _NOBODY.salt)


def step_of(seed: bytes, code: str, now: datetime) -> int | None:
    """The time step of a code: this one, or the one before or after; None if it is of none."""
    sent = "".join(code.split())
    current = int(now.timestamp()) // STEP
    found = None
    for step in (current - 1, current, current + 1):
        if hmac.compare_digest(code_at(seed, step).encode(), sent.encode()):
            found = step
    return found


def code_at(seed: bytes, step: int) -> str:
    """The code of a time step (RFC 4226 section 5.3)."""
    digest = hmac.digest(seed, struct.pack(">Q", step), "sha1")
    start = digest[-1] & 0x0F
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def address(seed: bytes, *, worker_id: str, host: str) -> str:
    """What an authenticator takes; neutral, for whoever looks at the person's phone."""
    secret = base64.b32encode(seed).decode().rstrip("=")
    return f"otpauth://totp/{quote(f'{host}:{worker_id}')}?secret={secret}&issuer={quote(host)}"


def typed(seed: bytes) -> str:
    """The same to be typed, in groups of four."""
    text = base64.b32encode(seed).decode().rstrip("=")
    return " ".join(text[place : place + 4] for place in range(0, len(text), 4))


def _key(password: str, salt: bytes) -> bytes:
    if not _AT_ONCE.acquire(timeout=5):
        raise TooMany("Too many people sign in at this moment.", wait=5)
    try:
        return hash_secret_raw(
            password.encode()[: 4 * LONGEST], salt, _TIMES, _MEMORY, 1, 32, Type.ID
        )
    finally:
        _AT_ONCE.release()
