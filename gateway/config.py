"""Owns the settings of the service: read from the environment, checked once, at start."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from environs import Env, EnvValidationError

from gateway.errors import UnsafeSettings

Mode = Literal["demo", "production"]
Provider = Literal["file", "pkcs11"]
_HERE = frozenset({"localhost", "127.0.0.1"})


@dataclass(frozen=True, slots=True)
class Token:
    """A PKCS#11 token: the module that speaks to it, its label, and the file with its PIN."""

    module: Path
    label: str
    pin_file: Path


@dataclass(frozen=True, slots=True)
class Mail:
    """The mail server for notices: TLS from the first byte, or STARTTLS; plain on this machine."""

    host: str
    port: int
    is_tls: bool
    sender: str
    user: str = ""
    password_file: Path | None = None

    @property
    def is_here(self) -> bool:
        """Whether it is on this machine, which nothing leaves."""
        return self.host in _HERE

    def password(self) -> str:
        """Read the password, each time it is needed."""
        return self.password_file.read_text("utf-8").strip() if self.password_file else ""


@dataclass(frozen=True, slots=True)
class SignOn:
    """The partnership's provider for single sign-on (OpenID Connect), and how it knows us.

    `key_file` holds the private JWK that we sign with; of `factors`, one must stand in the `acr`
    or `amr` of every ID token (RFC 8176: "mfa").
    """

    issuer: str
    client_id: str
    key_file: Path
    name: str
    factors: frozenset[str]


@dataclass(frozen=True, slots=True)
class Settings:
    """What the service is told from outside.

    `base_url` is the public address without a trailing slash: issuer, audience and the base of
    every DPoP `htu`. `replay_url` is the store of used proofs; on SQLite a file of its own.
    `provider` says where new epoch keys are made; `token` also opens what older ones in it wrapped.
    For `backup_days` a backup is kept, and with it the epoch key that it needs.
    So many lines of the log may wait for their place (`pending_lines`), and the oldest so long
    (`pending_seconds`), before writes are refused.
    """

    mode: Mode
    base_url: str
    database_url: str = field(repr=False)  # may hold a password
    keys: Path
    replay_url: str = field(default="", repr=False)
    profiles: Path | None = None
    provider: Provider = "file"
    token: Token | None = None
    backup_days: int = 35
    pending_lines: int = 5000  # the sequencer takes them in a second; some 5 MB of disk
    pending_seconds: int = 60  # a hundred of its rounds; a partner repeats within five minutes
    mail: Mail | None = None  # without one no notice is sent
    sign_on: SignOn | None = None  # without one people sign in here alone

    @property
    def epochs_in(self) -> Token | None:
        """Where new epoch keys are made: the token, or None for the keys folder."""
        return self.token if self.provider == "pkcs11" else None

    def __post_init__(self) -> None:
        parts = urlsplit(self.base_url)
        if not re.fullmatch(r"https?://[a-z0-9.:\-]+", self.base_url) or not parts.hostname:
            raise UnsafeSettings("GATEWAY_BASE_URL must be scheme and host only, in lower case.")
        if self.mode == "production" and parts.scheme != "https":
            raise UnsafeSettings("GATEWAY_BASE_URL must start with https:// in production.")
        if parts.scheme == "http" and parts.hostname not in _HERE:
            raise UnsafeSettings("Plain http:// is for a demonstration on this machine alone.")
        if not 0 <= self.backup_days <= 400:
            raise UnsafeSettings("GATEWAY_BACKUP_DAYS must be between 0 and 400.")
        if not (100 <= self.pending_lines <= 1_000_000 and 5 <= self.pending_seconds <= 3600):
            raise UnsafeSettings("GATEWAY_PENDING_LINES or _SECONDS is out of its range.")
        if self.provider == "pkcs11" and self.token is None:
            raise UnsafeSettings("GATEWAY_KEY_PROVIDER=pkcs11 needs the GATEWAY_PKCS11_ settings.")

    @classmethod
    def from_env(cls) -> Settings:
        """Read GATEWAY_* variables; every wrong one is reported at once.

        :raises UnsafeSettings: if one is missing, malformed or unsafe.
        """
        env = Env(prefix="GATEWAY_", eager=False)
        mode = env.str("MODE", "production")
        base_url = env.str("BASE_URL")
        database_url = env.str("DATABASE_URL")
        keys = env.path("KEYS", Path("keys"))
        replay_url = env.str("REPLAY_URL", "")
        profiles = env.path("PROFILES", None)
        provider = env.str("KEY_PROVIDER", "file")
        pkcs11 = (
            env.path("PKCS11_MODULE", None),
            env.str("PKCS11_TOKEN", ""),
            env.path("PKCS11_PIN_FILE", None),
        )
        backup_days = env.int("BACKUP_DAYS", 35)
        pending = (env.int("PENDING_LINES", 5000), env.int("PENDING_SECONDS", 60))
        smtp = env.str("SMTP", "")
        mail_from, smtp_user = env.str("MAIL_FROM", ""), env.str("SMTP_USER", "")
        smtp_password = env.path("SMTP_PASSWORD_FILE", None)
        sign_on = (
            env.str("SSO_ISSUER", ""),
            env.str("SSO_CLIENT_ID", ""),
            env.path("SSO_KEY_FILE", None),
            env.str("SSO_NAME", "your organisation"),
            env.str("SSO_FACTORS", "mfa"),
        )
        try:
            env.seal()
        except EnvValidationError as error:
            missing = ", ".join(sorted(error.error_messages))
            raise UnsafeSettings(f"Missing or malformed settings: {missing}.") from None
        if mode not in ("demo", "production"):
            raise UnsafeSettings("GATEWAY_MODE must be demo or production.")
        if provider not in ("file", "pkcs11"):
            raise UnsafeSettings("GATEWAY_KEY_PROVIDER must be file or pkcs11.")
        return cls(
            mode="demo" if mode == "demo" else "production",
            base_url=base_url.rstrip("/"),
            database_url=database_url,
            keys=keys,
            replay_url=replay_url,
            profiles=profiles,
            provider="pkcs11" if provider == "pkcs11" else "file",
            token=_token(*pkcs11),
            backup_days=backup_days,
            pending_lines=pending[0],
            pending_seconds=pending[1],
            mail=_mail(smtp, mail_from, smtp_user, smtp_password),
            sign_on=_sign_on(*sign_on),
        )


def _mail(address: str, sender: str, user: str, password_file: Path | None) -> Mail | None:
    """Return the mail server of the GATEWAY_SMTP settings, or None.

    :raises UnsafeSettings: if they are malformed, or some are missing.
    """
    if not any((address, sender, user, password_file)):
        return None
    found = re.fullmatch(r"(smtps?)://([A-Za-z0-9.\-]+)(?::(\d{1,5}))?", address)
    if found is None or not sender:
        raise UnsafeSettings("GATEWAY_SMTP must be smtps://host:port, with GATEWAY_MAIL_FROM.")
    if bool(user) != bool(password_file):
        raise UnsafeSettings("GATEWAY_SMTP_USER and GATEWAY_SMTP_PASSWORD_FILE belong together.")
    is_tls = found[1] == "smtps"
    port = int(found[3] or (465 if is_tls else 587))
    return Mail(found[2], port, is_tls, sender, user, password_file)


def _sign_on(
    issuer: str, client_id: str, key_file: Path | None, name: str, factors: str
) -> SignOn | None:
    """Return the provider of the GATEWAY_SSO_ settings, or None.

    :raises UnsafeSettings: if they are malformed, or some are missing.
    """
    if not any((issuer, client_id, key_file)):
        return None
    parts = urlsplit(issuer)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _HERE)
    if not is_safe or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise UnsafeSettings("GATEWAY_SSO_ISSUER must be an https:// address.")
    wanted = frozenset(factors.split())
    if not client_id or key_file is None or not wanted:
        raise UnsafeSettings(
            "GATEWAY_SSO_ISSUER, _CLIENT_ID, _KEY_FILE and _FACTORS belong together."
        )
    return SignOn(issuer, client_id, key_file, name, wanted)


def _token(module: Path | None, label: str, pin_file: Path | None) -> Token | None:
    """Return the token of the GATEWAY_PKCS11_ settings: all of them, or none.

    :raises UnsafeSettings: if some are missing.
    """
    given = (module, label, pin_file)
    if not any(given):
        return None
    if module is None or not label or pin_file is None:
        raise UnsafeSettings("GATEWAY_PKCS11_MODULE, _TOKEN and _PIN_FILE belong together.")
    return Token(module, label, pin_file)
