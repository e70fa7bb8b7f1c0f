"""Owns the gateway's own secret keys, as the running service holds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.config import Provider, Token
from gateway.errors import Undecipherable, UnsafeSettings
from gateway.sealing import jose, pkcs11
from gateway.sealing.key_files import PAIRS, USES, Files, KeyFile, read
from gateway.sealing.key_making import make, rotate, write_secret
from gateway.sealing.pkcs11 import Pkcs11Provider, check_key
from gateway.sealing.providers import Epochs, FileProvider, KeyProvider

__all__ = [
    "USES",
    "KeyInfo",
    "KeyPair",
    "KeyProvider",
    "Keys",
    "agency_log_context",
    "case_context",
    "check_provider",
    "hosted_context",
    "interest_context",
    "jwks",
    "keys_of",
    "listing",
    "load",
    "log_context",
    "make",
    "release",
    "rotate",
    "write_secret",
]


@dataclass(frozen=True, slots=True)
class KeyPair:
    """The current pair of one use, and every older key of it by id."""

    kid: str
    key: jose.Key = field(repr=False)
    by_kid: Mapping[str, jose.Key] = field(repr=False)  # this one too; not those retired
    public: tuple[Mapping[str, str], ...]  # public JWKs, current first


@dataclass(frozen=True, slots=True)
class Keys:
    """Everything secret that the service holds; never shown by repr."""

    signing: KeyPair
    token: KeyPair
    encryption: KeyPair
    log: Ed25519PrivateKey = field(repr=False)
    log_public: tuple[bytes, ...]  # 32 bytes each, current first; older checkpoints stay checkable
    provider: Epochs = field(repr=False)
    indexes: Mapping[str, bytes] = field(repr=False)  # by name, current first
    cursors: tuple[bytes, ...] = field(repr=False)  # current first

    @property
    def index(self) -> bytes:
        """What people are indexed with now; they are looked for with every one of `indexes`."""
        return next(iter(self.indexes.values()))

    @property
    def index_name(self) -> str:
        """The name of the current index key."""
        return next(iter(self.indexes))

    @property
    def cursor(self) -> bytes:
        """What cursors are sealed with now."""
        return self.cursors[0]


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """What an operator may see of a key."""

    name: str  # of its file
    use: str
    kid: str
    made_on: str
    is_current: bool
    stands: str  # current, later, older or retired
    place: str  # file or token


def case_context(case_id: str, gen: int) -> bytes:
    """Return what binds a wrapped case key to its case and generation."""
    return f"dek|v1|{case_id}|{gen}".encode()


def log_context(subject: str) -> bytes:
    """Return what binds a wrapped log key to its case, or to its month."""
    return f"log|v1|{subject}".encode()


def agency_log_context(agency_id: str) -> bytes:
    """Return what binds a wrapped log key to its agency."""
    return f"agency-log|v1|{agency_id}".encode()


def interest_context(agency_id: str, worker_id: str) -> bytes:
    """Return what binds the wrapped key of a worker's declaration to that worker."""
    return f"interest|v1|{agency_id}|{worker_id}".encode()


def draft_context(draft_id: str) -> bytes:
    """Return what binds the wrapped key of a draft to that draft."""
    return f"draft|v1|{draft_id}".encode()


def hosted_context(agency_id: str, kid: str) -> bytes:
    """Return what binds the wrapped private key of an agency to agency and key."""
    return f"agency-key|v1|{agency_id}|{kid}".encode()


def jwks(keys: Keys) -> dict[str, list[dict[str, str]]]:
    """Return the public set: what the gateway signs with, and what to seal to; current first."""
    shown = (*keys.signing.public, *keys.token.public, *keys.encryption.public)
    return {"keys": [dict(jwk) for jwk in shown]}


def listing(folder: Path, now: datetime | None = None) -> tuple[KeyInfo, ...]:
    """Return name, id and month of every key, by use, newest first; no secret is shown."""
    return tuple(
        KeyInfo(
            name=f"{file.name}.key",
            use=use,
            kid=file.kid,
            made_on=file.made_on.isoformat(),
            is_current=file is files[0],
            stands=_stands(file, files[0]),
            place="token" if file.in_token else "file",
        )
        for use, files in read(folder, now).items()
        for file in sorted(files, key=lambda each: each.order, reverse=True)
    )


def load(folder: Path, token: Token | None = None, *, now: datetime | None = None) -> Keys:
    """Return all keys of the folder; those in a token are proved to be there and to stay there.

    Without `now` every key counts as good at once.

    :raises UnsafeSettings: if the folder or a file is open to others, or a use has no key.
    :raises Unavailable: if the token does not answer.
    """
    return keys_of(read(folder, now), token)


def check_provider(folder: Path, provider: Provider, now: datetime) -> None:
    """Refuse to run on an epoch key that lies elsewhere than the settings say.

    :raises UnsafeSettings: if the current one does.
    """
    if read(folder, now)["epoch"][0].in_token is not (provider == "pkcs11"):
        raise UnsafeSettings(
            "The current epoch key does not lie where GATEWAY_KEY_PROVIDER says; "
            "run `gateway keys epoch --new`."
        )


def release() -> None:
    """Let go of what cannot cross a fork."""
    pkcs11.release()


# --- within -----------------------------------------------------------------------------------


def keys_of(found: Files, token: Token | None) -> Keys:
    """Return the keys that files hold.

    :raises UnsafeSettings: if one is damaged, or lies in a token that is not there.
    """
    try:
        logs = found["log"]
        first = min(logs, key=lambda file: file.order)
        if logs[-1] is not first:  # the log is named after the last one listed
            logs = [*logs, first]
        return Keys(
            signing=_pair(found["signing"]),
            token=_pair(found["token"]),
            encryption=_pair(found["encryption"]),
            log=Ed25519PrivateKey.from_private_bytes(logs[0].secret),
            log_public=tuple(map(_log_public, logs)),
            provider=_epochs(found["epoch"], token),
            indexes={file.name: file.secret for file in found["index"]},
            cursors=tuple(file.secret for file in found["cursor"]),
        )
    except (Undecipherable, KeyError, ValueError):
        raise UnsafeSettings("A file of the keys folder is damaged.") from None


def _pair(files: Sequence[KeyFile]) -> KeyPair:
    use = PAIRS[files[0].use]
    held = {
        file.kid: jose.import_private(_bare(file), use) for file in files if not file.is_retired
    }
    public = tuple(jose.public_part(_bare(file)) for file in files)
    return KeyPair(files[0].kid, held[files[0].kid], held, public)


def _epochs(files: Sequence[KeyFile], token: Token | None) -> Epochs:
    in_files = {file.name: file.secret for file in files if not file.in_token}
    in_token = [file for file in files if file.in_token]
    if in_token and token is None:
        raise UnsafeSettings(
            "An epoch key lies in a token: the GATEWAY_PKCS11_ settings are needed."
        )
    held: dict[str, KeyProvider] = {
        name: FileProvider(name, {name: secret}) for name, secret in in_files.items()
    }
    for file in in_token:
        assert token is not None  # noqa: S101 - refused above
        if file.content.get("token") != token.label:
            raise UnsafeSettings("An epoch key lies in another token than GATEWAY_PKCS11_TOKEN.")
        check_key(token, file.name)
        held[file.name] = Pkcs11Provider(token, file.name)
    return Epochs(files[0].name, held)


def _log_public(file: KeyFile) -> bytes:
    if file.is_retired:
        return jose.b64u_decode(str(file.content["x"]))
    return Ed25519PrivateKey.from_private_bytes(file.secret).public_key().public_bytes_raw()


def _bare(file: KeyFile) -> dict[str, str]:
    ours = ("made_on", "starts_at", "retired_on")
    return {name: value for name, value in file.content.items() if name not in ours}


def _stands(file: KeyFile, current: KeyFile) -> str:
    if file is current:
        return "current"
    if file.is_retired:
        return "retired"
    return "later" if file.order > current.order else "older"
