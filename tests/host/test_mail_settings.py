"""Where notices are sent from: settings that are whole, and never plain over a network."""

from __future__ import annotations

import smtplib
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway import host
from gateway.cli.mail import Sender
from gateway.cli.office import Office
from gateway.cli.worker import rounds_of
from gateway.config import Mail, Settings
from gateway.errors import Unavailable, UnsafeSettings
from gateway.flows.notices import Letter
from gateway.sealing import keys
from gateway.store.engine import make_engine, make_sessions
from tests.host.running import a_port
from tests.journeys.world import LONG_AGO

WHOLE = {"GATEWAY_SMTP": "smtps://mail.example", "GATEWAY_MAIL_FROM": "gateway@example.org"}


def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, **given: str) -> Settings:
    usual = {
        "GATEWAY_BASE_URL": "https://gateway.example",
        "GATEWAY_DATABASE_URL": f"sqlite:///{tmp_path / 'gateway.db'}",
    }
    for name, value in (usual | given).items():
        monkeypatch.setenv(name, value)
    return Settings.from_env()


@pytest.mark.parametrize(
    ("address", "mail"),
    [
        ("smtps://mail.example", Mail("mail.example", 465, True, "gateway@example.org")),
        ("smtp://mail.example", Mail("mail.example", 587, False, "gateway@example.org")),
        ("smtp://localhost:2525", Mail("localhost", 2525, False, "gateway@example.org")),
    ],
)
def test_a_mail_server_is_an_address(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, address: str, mail: Mail
) -> None:
    assert settings(monkeypatch, tmp_path, **WHOLE | {"GATEWAY_SMTP": address}).mail == mail


def test_without_one_nothing_is_sent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert settings(monkeypatch, tmp_path).mail is None


@pytest.mark.parametrize(
    "given",
    [
        {"GATEWAY_SMTP": "mail.example", "GATEWAY_MAIL_FROM": "g@example.org"},
        {"GATEWAY_SMTP": "http://mail.example", "GATEWAY_MAIL_FROM": "g@example.org"},
        {"GATEWAY_SMTP": "smtps://user:secret@mail.example", "GATEWAY_MAIL_FROM": "g@example.org"},
        {"GATEWAY_SMTP": "smtps://mail.example"},
        {"GATEWAY_MAIL_FROM": "g@example.org"},
        WHOLE | {"GATEWAY_SMTP_USER": "gateway"},
        WHOLE | {"GATEWAY_SMTP_PASSWORD_FILE": "password"},
    ],
)
def test_half_of_it_does_not_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: dict[str, str]
) -> None:
    with pytest.raises(UnsafeSettings):
        settings(monkeypatch, tmp_path, **given)


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o604])
def test_a_password_that_others_can_read_does_not_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mode: int
) -> None:
    keys.make(tmp_path / "keys", on=LONG_AGO)
    secret = tmp_path / "password"
    secret.touch()
    secret.chmod(mode)
    login = {"GATEWAY_SMTP_USER": "gateway", "GATEWAY_SMTP_PASSWORD_FILE": str(secret)}
    login["GATEWAY_KEYS"] = str(tmp_path / "keys")
    found = settings(monkeypatch, tmp_path, **WHOLE | login)
    with pytest.raises(UnsafeSettings, match="password file") if mode != 0o600 else nullcontext():
        host.check(found, {})


def test_a_worker_takes_up_keys_that_are_exchanged_while_it_runs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sqlite_url: str
) -> None:
    keys.make(tmp_path / "keys", on=LONG_AGO)
    found = settings(monkeypatch, tmp_path, GATEWAY_KEYS=str(tmp_path / "keys"))
    now = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
    office = Office(
        found,
        lambda: make_sessions(make_engine(sqlite_url)),
        lambda: keys.load(found.keys),
        clock=lambda: now,
    )
    rounds = rounds_of(office)
    before = rounds.keys_at(now).signing.kid
    keys.rotate(found.keys, "signing", on=now.date())
    assert rounds.keys_at(now).signing.kid != before
    office.sessions.kw["bind"].dispose()


def test_a_server_that_is_not_there_is_unavailable() -> None:
    send = Sender(Mail("127.0.0.1", a_port(), False, "g@example.org"), "https://gateway.example")
    with pytest.raises(Unavailable):
        send("duty@example.org", Letter.NEW)


def test_beyond_this_machine_nothing_is_said_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server elsewhere that offers no TLS is given neither a password nor a notice."""
    said: list[str] = []

    class Plain(smtplib.SMTP):
        """A server that offers no extension at all."""

        def __init__(self, *_: object, **__: object) -> None:
            self.esmtp_features: dict[str, str] = {}

        def ehlo_or_helo_if_needed(self) -> None: ...

        def send_message(self, *_: object, **__: object) -> dict[str, tuple[int, bytes]]:
            said.append("a notice")
            return {}

        def close(self) -> None: ...

        def __exit__(self, *_: object) -> None: ...

    monkeypatch.setattr(smtplib, "SMTP", Plain)
    send = Sender(Mail("mail.example", 25, False, "g@example.org"), "https://gateway.example")
    with pytest.raises(Unavailable):
        send("duty@example.org", Letter.NEW)
    assert said == []
