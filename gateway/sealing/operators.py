"""Owns the keys of operators: each signs, with a key of its own, what takes two of them.

A private key lies in a file of its operator's, sealed under a passphrase (scrypt, AES-256-GCM).
The public parts lie in the folder `operators` of the gateway's keys folder, one file each.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from gateway.errors import Conflict, Invalid, NotFound, Problem, Undecipherable, UnsafeSettings
from gateway.sealing import cells, jose
from gateway.sealing.keys import write_secret

STATEMENT = "marac-operator+jws"
FOLDER = "operators"
SHORTEST = 12  # characters of a passphrase
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_COST = {"n": 2**15, "r": 8, "p": 1}  # 32 MB and a tenth of a second for each guess

Operators = Mapping[str, jose.Key]
"""Public keys by operator id."""


@dataclass(frozen=True, slots=True)
class Operator:
    """A person who runs the gateway, with the key in hand."""

    id: str
    key: jose.Key = field(repr=False)
    public: Mapping[str, str]

    def state(self, claims: Mapping[str, Any]) -> str:
        """Return a statement signed by this person."""
        text = json.dumps(claims, sort_keys=True, separators=(",", ":"))
        return jose.sign(text.encode(), self.key, self.id, STATEMENT)


@dataclass(frozen=True, slots=True)
class Registered:
    """What stands in the folder of operators."""

    id: str
    thumbprint: str
    added_on: str
    ended_on: str | None
    jwk: Mapping[str, str]


def fresh(operator_id: str) -> Operator:
    """Make an operator with a new key.

    :raises Invalid: if the id is not of the published form.
    """
    return _operator(operator_id, jose.new_private("sig"))


def make(operator_id: str, passphrase: str) -> tuple[str, str]:
    """Make a key; return the text of its private file and of its public one.

    :raises Invalid: for an id that is not of the form, or a short passphrase.
    """
    if len(passphrase) < SHORTEST:
        raise Invalid(f"The passphrase needs {SHORTEST} characters.", Problem("form", ""))
    private = jose.new_private("sig")
    public = {"operator": operator_id, "public": _operator(operator_id, private).public}
    salt, scalar = secrets.token_bytes(16), jose.b64u_decode(private["d"])
    sealed = cells.wrap_key(_stretch(passphrase, salt), scalar, *_context(operator_id))
    secret = {**public, "salt": jose.b64u(salt), "sealed": jose.b64u(sealed)}
    return json.dumps(secret, indent=1), json.dumps(public, indent=1)


def unseal(text: str | bytes, passphrase: str) -> Operator:
    """Return the operator of a private file.

    :raises Undecipherable: for another passphrase, or what is no such file.
    """
    content = _parse(text)
    try:
        key = _stretch(passphrase, jose.b64u_decode(content["salt"]))
        blob = jose.b64u_decode(content["sealed"])
        scalar = cells.unwrap_key(key, blob, *_context(content["operator"]))
        private = {**content["public"], "d": jose.b64u(scalar)}
        return _operator(content["operator"], private)
    except (KeyError, TypeError, Invalid):
        raise Undecipherable("The operator's key could not be opened.") from None


def read_public(text: str | bytes) -> Registered:
    """Return the public part of an operator's file, private or public.

    :raises Undecipherable: for what is no such file.
    """
    content = _parse(text)
    operator_id, jwk = content.get("operator"), content.get("public")
    if not isinstance(operator_id, str) or not _ID.fullmatch(operator_id):
        raise Undecipherable("The file is not an operator's.")
    if not isinstance(jwk, dict):
        raise Undecipherable("The file is not an operator's.")
    jose.import_public(jwk, "sig")
    ended_on = content.get("ended_on")
    return Registered(
        operator_id, jose.thumbprint(jwk), str(content.get("added_on", "")), ended_on, jwk
    )


def check_free(folder: Path, text: str | bytes) -> Registered:
    """Return the public part of an operator's file if it may be registered.

    :raises Conflict: if the id or the key is taken, also by one that ended.
    """
    found = read_public(text)
    for each in listing(folder):
        if found.id == each.id or found.thumbprint == each.thumbprint:
            raise Conflict("The operator's id or key is taken.")
    return found


def add(folder: Path, text: str | bytes, *, on: date) -> Registered:
    """Register the public part of an operator's file; `folder` is the gateway's keys folder.

    :raises Conflict: as `check_free` does.
    """
    found = check_free(folder, text)
    place = folder / FOLDER
    place.mkdir(mode=0o700, exist_ok=True)
    content = {"operator": found.id, "public": dict(found.jwk), "added_on": on.isoformat()}
    write_secret(place / f"{found.id}.json", json.dumps(content, indent=1))
    return found


def end(folder: Path, operator_id: str, *, on: date) -> None:
    """End an operator: its earlier signatures still hold, new ones do not.

    :raises NotFound: if there is none.
    :raises Conflict: if it ended before, or is the last: nobody could add another.
    """
    everyone = listing(folder)
    found = next((each for each in everyone if each.id == operator_id), None)
    if found is None:
        raise NotFound("There is no such operator.")
    if found.ended_on is not None:
        raise Conflict("The operator ended before.")
    if not any(each.ended_on is None for each in everyone if each.id != operator_id):
        raise Conflict("This is the last operator: let him add another first.")
    content = {
        "operator": found.id,
        "public": dict(found.jwk),
        "added_on": found.added_on,
        "ended_on": on.isoformat(),
    }
    path = folder / FOLDER / f"{found.id}.json"
    half = path.with_suffix(".half")
    half.unlink(missing_ok=True)
    write_secret(half, json.dumps(content, indent=1))
    half.replace(path)


def listing(folder: Path) -> tuple[Registered, ...]:
    """Return everyone who is or was an operator, by id.

    :raises UnsafeSettings: if a file can be read or changed by others, or is damaged.
    """
    place = folder / FOLDER
    if not place.is_dir():
        return ()
    paths = sorted(place.glob("*.json"))
    if any(path.stat().st_mode & 0o077 for path in (place, *paths)):
        raise UnsafeSettings("The folder of operators must be the service's alone (0700, 0600).")
    try:
        return tuple(read_public(path.read_bytes()) for path in paths)
    except Invalid:
        raise UnsafeSettings("A file of the folder of operators is damaged.") from None


def load(folder: Path, *, ended: bool = False) -> Operators:
    """Return the public keys of all operators; with `ended`, of those who were one, too."""
    return {
        each.id: jose.import_public(each.jwk, "sig")
        for each in listing(folder)
        if ended or each.ended_on is None
    }


def check(statement: str, operators: Operators) -> tuple[str, Mapping[str, Any]]:
    """Return who signed a statement, and what it says.

    :raises Undecipherable: if it is by none of these operators.
    """
    verified = jose.verify(statement, operators, STATEMENT)
    claims = json.loads(verified.payload)
    if not isinstance(claims, dict):
        raise Undecipherable("The statement cannot be read.")
    return verified.kid, claims


def _operator(operator_id: str, private: Mapping[str, str]) -> Operator:
    if not _ID.fullmatch(operator_id):
        raise Invalid(
            "An operator id has lower-case letters, digits, - and _.", Problem("form", "")
        )
    return Operator(operator_id, jose.import_private(private, "sig"), jose.public_part(private))


def _stretch(passphrase: str, salt: bytes) -> bytes:
    secret = passphrase.encode()
    return hashlib.scrypt(secret, salt=salt, maxmem=2**26, dklen=32, **_COST)


def _context(operator_id: str) -> tuple[str, str]:
    return "operator|v1", operator_id


def _parse(text: str | bytes) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise Undecipherable("The file is not an operator's.")
    return content
