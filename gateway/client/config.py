"""Owns an agency's own configuration and keys; the private ones never leave its folder."""

from __future__ import annotations

import json
import os
import re
import secrets
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.errors import Undecipherable, UnsafeSettings
from gateway.sealing import jose

DEFAULT = "gateway-client.toml"
VARIABLE = "GATEWAY_CLIENT_CONFIG"
SIGNING, ENCRYPTION, SECRET, PUBLIC = (
    "signing.jwk",
    "encryption.jwk",
    "secret.key",
    "public.jwks.json",
)
WITNESS, LOG_KEY = "witness.key", "log.key"  # the second comes with the answer to enrolment
_ID = re.compile(r"[a-z][a-z0-9-]{1,63}")


@dataclass(frozen=True, slots=True)
class AgencyKeys:
    """The two private keys of an agency, and the secret that salts its sealed sections.

    `folder` is where they lie; what the agency remembers of the log is kept there too. With the
    key `witness` it countersigns the log, by `log_key` it knows its own entries; a folder made
    before there was either goes without. `older` are encryption keys of earlier folders, by id:
    what was sealed to one is opened with it, and nothing else is done with it.
    """

    signing_kid: str
    signing: jose.Key = field(repr=False)
    encryption_kid: str
    encryption: jose.Key = field(repr=False)
    secret: bytes = field(repr=False)
    folder: Path | None = None
    witness: Ed25519PrivateKey | None = field(default=None, repr=False)
    log_key: bytes | None = field(default=None, repr=False)
    older: Mapping[str, jose.Key] = field(default_factory=dict, repr=False)
    older_kids: frozenset[str] = frozenset()  # of their signing keys, too

    @property
    def opening(self) -> Mapping[str, jose.Key]:
        """Every key that something may be sealed to; the id in its header picks one."""
        return {**self.older, self.encryption_kid: self.encryption}

    @property
    def kids(self) -> frozenset[str]:
        """The ids of all keys that are, or were, this agency's."""
        return self.older_kids | {self.signing_kid, self.encryption_kid}


@dataclass(frozen=True, slots=True)
class Config:
    """Where the gateway is, who we are, and where our keys lie."""

    base_url: str
    agency: str
    keys: Path
    worker: str | None = None
    ca: Path | None = None
    older_keys: tuple[Path, ...] = ()  # folders of before the keys were changed


def load(path: Path | None = None) -> Config:
    """Read the configuration from `path`, else from $GATEWAY_CLIENT_CONFIG, else from here.

    Paths in the file are relative to the file.

    :raises UnsafeSettings: if it is missing or incomplete.
    """
    path = path or Path(os.environ.get(VARIABLE, DEFAULT))
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        text = "There is no readable configuration file; name it with --config."
        raise UnsafeSettings(text) from None
    if set(given) - {"base_url", "agency", "keys", "older_keys", "worker", "ca"}:
        text = "The configuration knows base_url, agency, keys, older_keys, worker and ca alone."
        raise UnsafeSettings(text)
    older = given.pop("older_keys", [])
    if not isinstance(older, list) or not all(isinstance(each, str) for each in older):
        raise UnsafeSettings("older_keys is a list of folders, each in quotation marks.")
    if not all(isinstance(value, str) for value in given.values()):
        raise UnsafeSettings("Every value of the configuration is a text in quotation marks.")
    if not {"base_url", "agency", "keys"} <= given.keys():
        raise UnsafeSettings("The configuration needs base_url, agency and keys.")
    return Config(
        base_url=_base_url(given["base_url"]),
        agency=given["agency"],
        keys=path.parent / given["keys"],
        worker=given.get("worker"),
        ca=path.parent / given["ca"] if "ca" in given else None,
        older_keys=tuple(path.parent / each for each in older),
    )


def new_keys(folder: Path, agency: str) -> dict[str, str]:
    """Make both key pairs and return the thumbprint of each, by use.

    The public set lies in `public.jwks.json`; everything else stays in the folder, mode 0600.

    :raises UnsafeSettings: if the folder already holds keys; nothing is overwritten.
    """
    if not _ID.fullmatch(agency):
        raise UnsafeSettings("An agency id has lower-case letters, digits and hyphens.")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    pairs = {SIGNING: jose.new_private("sig"), ENCRYPTION: jose.new_private("enc")}
    public = {"keys": [jose.public_part(jwk) for jwk in pairs.values()]}
    try:
        for name, jwk in pairs.items():
            _write(folder / name, json.dumps(jwk, indent=1))
        _write(folder / SECRET, jose.b64u(secrets.token_bytes(32)))
        _write(folder / WITNESS, jose.b64u(secrets.token_bytes(32)))
        _write(folder / PUBLIC, json.dumps(public, indent=1), mode=0o644)
    except FileExistsError:
        raise UnsafeSettings("The folder already holds keys; nothing was changed.") from None
    return {jwk["use"]: jose.thumbprint(jwk) for jwk in pairs.values()}


def load_keys(folder: Path, older: Sequence[Path] = ()) -> AgencyKeys:
    """Return the keys of a folder, with those of `older` folders for what was sealed before.

    :raises UnsafeSettings: if one is missing, damaged, or readable by others.
    """
    read = {name: _read(folder / name) for name in (SIGNING, ENCRYPTION, SECRET)}
    try:
        signing, encryption = _jwk(read[SIGNING]), _jwk(read[ENCRYPTION])
        witness = _secret(folder / WITNESS)
        return AgencyKeys(
            signing["kid"],
            jose.import_private(signing, "sig"),
            encryption["kid"],
            jose.import_private(encryption, "enc"),
            jose.b64u_decode(read[SECRET].strip()),
            folder,
            Ed25519PrivateKey.from_private_bytes(witness) if witness else None,
            _secret(folder / LOG_KEY),
            *_older(older),
        )
    except (Undecipherable, ValueError, KeyError, TypeError):
        raise UnsafeSettings("A file of the keys folder is damaged.") from None


def _older(folders: Sequence[Path]) -> tuple[dict[str, jose.Key], frozenset[str]]:
    """The encryption keys of earlier folders, and the ids of all their keys."""
    keys: dict[str, jose.Key] = {}
    kids: set[str] = set()
    for folder in folders:
        signing, encryption = (_jwk(_read(folder / name)) for name in (SIGNING, ENCRYPTION))
        keys[encryption["kid"]] = jose.import_private(encryption, "enc")
        kids |= {signing["kid"], encryption["kid"]}
    return keys, frozenset(kids)


def keep_log_key(folder: Path, key: str) -> None:
    """Keep the key by which an agency knows its own entries (base64url); a first one stays.

    :raises UnsafeSettings: if the folder holds another one.
    """
    try:
        _write(folder / LOG_KEY, key)
    except FileExistsError:
        if _read(folder / LOG_KEY).strip() != key:
            raise UnsafeSettings("The folder already holds another key of the log.") from None


def _base_url(given: str) -> str:
    parts = urlsplit(given)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.query:
        raise UnsafeSettings("base_url must start with https://.")
    return given.rstrip("/")


def _jwk(text: str) -> Mapping[str, Any]:
    read = json.loads(text)
    if not isinstance(read, dict):
        raise TypeError
    return read


def _secret(path: Path) -> bytes | None:
    """The 32 bytes of a file that a folder may lack."""
    if not path.exists():
        return None
    found = jose.b64u_decode(_read(path).strip())
    if len(found) != 32:
        raise ValueError
    return found


def _read(path: Path) -> str:
    try:
        if path.stat().st_mode & 0o077:
            raise UnsafeSettings("A private key is readable by others; set its mode to 0600.")
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        text = "The keys folder is incomplete; make one with `gateway-client keys new`."
        raise UnsafeSettings(text) from None


def _write(path: Path, text: str, mode: int = 0o600) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text + "\n")
