"""Epoch keys in a PKCS#11 token: they wrap there, never leave, and a fault is not a wrong key."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from gateway.config import Settings, Token
from gateway.errors import Unavailable, Undecipherable, UnsafeSettings
from gateway.sealing import key_making, keys, pkcs11
from gateway.sealing.held import Held
from gateway.sealing.pkcs11 import Pkcs11Provider
from tests.hsm import a_token

pytestmark = pytest.mark.needs("softhsm")

KEY, PLACE = bytes(range(32)), b"dek|v1|case|1"
ON = date(2026, 11, 20)


@pytest.fixture
def provider(token: Token) -> Pkcs11Provider:
    pkcs11.make_key(token, "epoch-1")
    return Pkcs11Provider(token, "epoch-1")


def library() -> Any:
    import pkcs11 as library

    return library


def test_F42_a_key_wrapped_by_the_token_opens_in_its_context_alone(
    provider: Pkcs11Provider,
) -> None:
    name, blob = provider.wrap(KEY, PLACE)
    assert name == "epoch-1"
    assert KEY not in blob
    assert provider.unwrap(name, blob, PLACE) == KEY
    assert provider.wrap(KEY, PLACE)[1] != blob
    with pytest.raises(Undecipherable):
        provider.unwrap(name, blob, PLACE + b"2")


@pytest.mark.parametrize("cut", [0, 11, 27, 28, 40, 59])
def test_F42_a_changed_or_short_blob_does_not_open(provider: Pkcs11Provider, cut: int) -> None:
    name, blob = provider.wrap(KEY, PLACE)
    changed = bytearray(blob)
    changed[cut] ^= 1
    for wrong in (bytes(changed), blob[:cut]):
        with pytest.raises(Undecipherable):
            provider.unwrap(name, wrong, PLACE)
    assert provider.unwrap(name, blob, PLACE) == KEY


def test_F42_the_key_cannot_leave_the_token(token: Token, provider: Pkcs11Provider) -> None:
    p11 = library()
    provider.wrap(KEY, PLACE)
    session = p11.lib(str(token.module)).get_token(token_label=token.label).open()
    held = session.get_key(p11.ObjectClass.SECRET_KEY, label="epoch-1")
    with pytest.raises(p11.AttributeSensitive):
        held[p11.Attribute.VALUE]
    with pytest.raises(p11.PKCS11Error):
        held[p11.Attribute.EXTRACTABLE] = True


def test_F42_a_key_that_could_leave_stops_the_start(token: Token, tmp_path: Path) -> None:
    p11 = library()
    folder = tmp_path / "keys"
    keys.make(folder, on=ON, token=token)
    assert keys.load(folder, token)
    pkcs11.destroy_key(token, "epoch-2026-11-1")
    with pytest.raises(UnsafeSettings, match="no key"):
        keys.load(folder, token)
    with pkcs11._line(token).writing() as session:
        session.generate_key(
            p11.KeyType.AES,
            256,
            label="epoch-2026-11-1",
            store=True,
            template={p11.Attribute.EXTRACTABLE: True, p11.Attribute.SENSITIVE: False},
        )
    with pytest.raises(UnsafeSettings, match="out of its token"):
        keys.load(folder, token)


@pytest.mark.parametrize("way", ["brought in", "locked later"])
def test_F42_a_key_that_once_was_outside_stops_the_start(token: Token, way: str) -> None:
    """It says that it cannot leave now; a copy of it may lie anywhere."""
    p11 = library()
    closed = {p11.Attribute.SENSITIVE: True, p11.Attribute.EXTRACTABLE: False}
    kind = {p11.Attribute.CLASS: p11.ObjectClass.SECRET_KEY, p11.Attribute.LABEL: "epoch-9"}
    uses = {p11.Attribute.ENCRYPT: True, p11.Attribute.DECRYPT: True, p11.Attribute.TOKEN: True}
    with pkcs11._line(token).writing() as session:
        if way == "brought in":
            aes = {p11.Attribute.KEY_TYPE: p11.KeyType.AES, p11.Attribute.VALUE: KEY}
            session.create_object({**kind, **aes, **uses, **closed})
        else:
            opened = {p11.Attribute.EXTRACTABLE: True, p11.Attribute.SENSITIVE: False}
            made = session.generate_key(
                p11.KeyType.AES, 256, label="epoch-9", store=True, template=opened
            )
            for name, value in closed.items():
                made[name] = value
            assert made[p11.Attribute.LOCAL]
        (held,) = pkcs11._labelled(session, "epoch-9")
        assert {name: held[name] for name in closed} == closed
    with pytest.raises(UnsafeSettings, match="out of its token"):
        pkcs11.check_key(token, "epoch-9")


def test_F42_the_folder_names_the_key_and_holds_nothing_of_it(token: Token, tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    keys.make(folder, on=ON, token=token)
    text = (folder / "epoch-2026-11-1.key").read_text()
    assert '"k"' not in text
    assert '"pkcs11"' in text
    held = keys.load(folder, token)
    name, blob = held.provider.wrap(KEY, PLACE)
    assert held.provider.unwrap(name, blob, PLACE) == KEY
    with pytest.raises(UnsafeSettings, match="PKCS11"):
        keys.load(folder)
    with pytest.raises(UnsafeSettings, match="another token"):
        keys.load(folder, replace(token, label="elsewhere"))


def test_F42_from_files_to_a_token_what_the_files_wrapped_still_opens(
    token: Token, tmp_path: Path
) -> None:
    folder = tmp_path / "keys"
    keys.make(folder, on=ON)
    old, blob = keys.load(folder).provider.wrap(KEY, PLACE)
    keys.rotate(folder, "epoch", on=ON, token=token)
    moved = keys.load(folder, token).provider
    assert moved.current == "epoch-2026-11-2"
    assert moved.unwrap(old, blob, PLACE) == KEY
    assert moved.wrap(KEY, PLACE)[0] == "epoch-2026-11-2"
    with pytest.raises(Undecipherable):
        moved.unwrap("epoch-2026-11-2", blob, PLACE)


def test_F42_what_was_staged_for_another_place_is_not_taken(token: Token, tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    keys.make(folder, on=ON)
    key_making.stage(folder, "epoch", on=ON)  # and interrupted; then the settings change
    keys.rotate(folder, "epoch", on=ON, token=token)
    assert next(key for key in keys.listing(folder) if key.use == "epoch").place == "token"


def test_two_gateways_never_take_each_others_key(token: Token, tmp_path: Path) -> None:
    for name in ("one", "two"):
        keys.make(tmp_path / name, on=ON, token=token)
    names = [keys.load(tmp_path / each, token).provider.current for each in ("one", "two")]
    assert names == ["epoch-2026-11-1", "epoch-2026-11-2"]
    with pytest.raises(UnsafeSettings, match="already"):
        pkcs11.make_key(token, names[0])


def test_F42_a_destroyed_key_opens_nothing(token: Token, provider: Pkcs11Provider) -> None:
    name, blob = provider.wrap(KEY, PLACE)
    pkcs11.destroy_key(token, name)
    assert not pkcs11.holds(token, name)
    with pytest.raises(Unavailable):
        provider.unwrap(name, blob, PLACE)
    pkcs11.destroy_key(token, name)


def test_F42_destroying_that_was_interrupted_stops_nothing_and_is_finished(
    token: Token, tmp_path: Path
) -> None:
    """The token dies, or the command is killed, before or after the key in it is destroyed."""
    folder, old = tmp_path / "keys", "epoch-2026-11-1"
    keys.make(folder, on=ON, token=token)
    keys.rotate(folder, "epoch", on=ON, token=token)
    pin = token.pin_file.read_text()
    pkcs11.release()
    token.pin_file.write_text("wrong\n")
    with pytest.raises(Unavailable):
        key_making.destroy(folder, old, token=token)
    token.pin_file.write_text(pin)
    assert pkcs11.holds(token, old)
    assert old not in keys.load(folder, token).provider.held
    key_making.finish(folder, replace(token, label="elsewhere"))
    assert pkcs11.holds(token, old)
    pkcs11.destroy_key(token, old)  # and killed right after
    assert keys.load(folder, token).provider.current == "epoch-2026-11-2"
    key_making.finish(folder, token)
    assert not [path.name for path in folder.iterdir() if old in path.name]


def test_F42_what_was_left_in_the_token_is_destroyed_in_the_end(
    token: Token, tmp_path: Path
) -> None:
    folder, old = tmp_path / "keys", "epoch-2026-11-1"
    keys.make(folder, on=ON, token=token)
    keys.rotate(folder, "epoch", on=ON, token=token)
    (folder / f"{old}.key").rename(folder / f".leaving-{old}")
    key_making.finish(folder, None)
    assert pkcs11.holds(token, old)
    key_making.finish(folder, token)
    assert not pkcs11.holds(token, old)
    assert {path.suffix for path in folder.iterdir()} == {".key"}


def test_another_process_makes_a_key_and_this_one_finds_it(
    token: Token, provider: Pkcs11Provider
) -> None:
    provider.wrap(KEY, PLACE)
    code = in_child(lambda: pkcs11.make_key(token, "epoch-2"))
    assert code == 0
    assert replace(provider, current="epoch-2").wrap(KEY, PLACE)[0] == "epoch-2"


def test_a_session_of_the_parent_is_not_used_by_its_child(provider: Pkcs11Provider) -> None:
    """As gunicorn does with the application loaded before the fork."""
    name, blob = provider.wrap(KEY, PLACE)

    def opens() -> None:
        assert provider.unwrap(name, blob, PLACE) == KEY

    assert in_child(opens) == 0
    pkcs11.release()
    assert in_child(opens) == 0
    opens()


def in_child(act: Any) -> int:
    child = os.fork()
    if child == 0:
        try:
            act()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_threads_share_a_token(provider: Pkcs11Provider) -> None:
    wrong: list[object] = []

    def work(number: int) -> None:
        own = bytes([number]) * 32
        try:
            for _ in range(40):
                name, blob = provider.wrap(own, PLACE)
                if provider.unwrap(name, blob, PLACE) != own:
                    wrong.append(number)
        except Exception as fault:
            wrong.append(fault)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# --- faults of the token ------------------------------------------------------------------------


def test_F42_a_token_that_is_gone_is_a_fault_and_heals_by_itself(
    token: Token, provider: Pkcs11Provider
) -> None:
    name, blob = provider.wrap(KEY, PLACE)
    with gone(token):
        for _ in range(2):
            with pytest.raises(Unavailable):
                provider.unwrap(name, blob, PLACE)
    assert provider.unwrap(name, blob, PLACE) == KEY


@pytest.mark.parametrize("mode", [0o644, None], ids=["open to others", "gone"])
def test_V24_a_pin_that_goes_bad_while_the_service_runs_is_a_fault_of_ours(
    token: Token, provider: Pkcs11Provider, mode: int | None
) -> None:
    """Whoever asks is told to ask again, not that a setting is wrong."""
    epoch, wrapped = provider.wrap(KEY, PLACE)
    pkcs11.release()
    away = token.pin_file.with_name("away")
    if mode is None:
        token.pin_file.rename(away)
    else:
        token.pin_file.chmod(mode)
    with pytest.raises(Unavailable):
        provider.unwrap(epoch, wrapped, PLACE)
    if mode is None:
        away.rename(token.pin_file)
    else:
        token.pin_file.chmod(0o600)
    assert provider.unwrap(epoch, wrapped, PLACE) == KEY


def test_F38_a_key_that_changes_while_the_token_is_gone_stops_nothing_else(
    token: Token, tmp_path: Path
) -> None:
    """Who calls is still known; only what needs the token is refused."""
    folder = tmp_path / "keys"
    keys.make(folder, on=ON, token=token)
    held, now = Held(folder, token), datetime(2026, 11, 23, 10, tzinfo=UTC)
    kept = held.at(now)
    with gone(token):
        keys.rotate(folder, "signing", on=ON)
        assert held.at(now) is kept
        with pytest.raises(Unavailable):
            held.at(now).provider.wrap(KEY, PLACE)
        with pytest.raises(Unavailable):
            Held(folder, token).at(now)
    time.sleep(1.1)
    assert held.at(now).signing.kid != kept.signing.kid


@contextmanager
def gone(token: Token) -> Iterator[None]:
    tokens = Path(os.environ["SOFTHSM2_CONF"]).parent / "tokens"
    away = tokens.rename(tokens.with_name("away"))
    tokens.mkdir()
    library().lib(str(token.module)).finalize()  # as a module does that lost its device
    yield
    tokens.rmdir()
    away.rename(tokens)


def test_a_refused_pin_is_not_tried_again(token: Token, provider: Pkcs11Provider) -> None:
    """A token locks itself after some wrong ones: only a newly written PIN is tried."""
    provider.wrap(KEY, PLACE)
    right = token.pin_file.read_text()
    pkcs11.release()
    token.pin_file.write_text("0000")
    written = token.pin_file.stat().st_mtime_ns
    with pytest.raises(Unavailable):
        provider.wrap(KEY, PLACE)
    token.pin_file.write_text(right)
    os.utime(token.pin_file, ns=(written, written))
    with pytest.raises(Unavailable):
        provider.wrap(KEY, PLACE)
    os.utime(token.pin_file, ns=(written + 1_000_000_000,) * 2)
    assert provider.wrap(KEY, PLACE)


# --- settings -----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_pin_that_others_can_read_stops_the_start(
    token: Token, tmp_path: Path, mode: int
) -> None:
    token.pin_file.chmod(mode)
    with pytest.raises(UnsafeSettings, match="PIN"):
        keys.make(tmp_path / "keys", on=ON, token=token)


def test_a_missing_module_token_or_pin_stops_the_start(token: Token, tmp_path: Path) -> None:
    wrong = (
        replace(token, module=tmp_path / "none.so"),
        replace(token, label="none"),
        replace(token, pin_file=tmp_path / "none"),
    )
    for number, each in enumerate(wrong):
        with pytest.raises((UnsafeSettings, Unavailable)):
            keys.make(tmp_path / str(number), on=ON, token=each)


def test_the_service_refuses_an_epoch_key_in_the_wrong_place(token: Token, tmp_path: Path) -> None:
    from datetime import UTC, datetime

    folder, now = tmp_path / "keys", datetime(2026, 11, 21, tzinfo=UTC)
    keys.make(folder, on=ON)
    keys.check_provider(folder, "file", now)
    with pytest.raises(UnsafeSettings, match="epoch --new"):
        keys.check_provider(folder, "pkcs11", now)


def test_the_settings_of_a_token_belong_together(
    token: Token, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_BASE_URL", "https://gateway.example")
    monkeypatch.setenv("GATEWAY_DATABASE_URL", "sqlite:///x.db")
    monkeypatch.setenv("GATEWAY_KEY_PROVIDER", "pkcs11")
    with pytest.raises(UnsafeSettings, match="GATEWAY_PKCS11_"):
        Settings.from_env()
    monkeypatch.setenv("GATEWAY_PKCS11_MODULE", str(token.module))
    with pytest.raises(UnsafeSettings, match="together"):
        Settings.from_env()
    monkeypatch.setenv("GATEWAY_PKCS11_TOKEN", token.label)
    monkeypatch.setenv("GATEWAY_PKCS11_PIN_FILE", str(token.pin_file))
    assert Settings.from_env().epochs_in == token
    monkeypatch.setenv("GATEWAY_KEY_PROVIDER", "file")
    found = Settings.from_env()
    assert (found.epochs_in, found.token) == (None, token)
    monkeypatch.setenv("GATEWAY_KEY_PROVIDER", "cloud")
    with pytest.raises(UnsafeSettings, match="file or pkcs11"):
        Settings.from_env()


def test_two_tokens_in_one_process(token: Token, tmp_path: Path) -> None:
    pkcs11.release()
    other = a_token(tmp_path, "other")
    lines = [Pkcs11Provider(each, "epoch-1") for each in (token, other)]
    for each in lines:
        pkcs11.make_key(each.token, "epoch-1")
    blobs = [each.wrap(KEY, PLACE)[1] for each in lines * 2]
    for each, blob in zip(lines * 2, blobs, strict=True):
        assert each.unwrap("epoch-1", blob, PLACE) == KEY
    for mine, theirs in pairwise(blobs):
        assert mine != theirs
    with pytest.raises(Undecipherable):
        lines[0].unwrap("epoch-1", blobs[1], PLACE)
