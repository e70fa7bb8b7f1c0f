"""Key files appear, change and go whole or not at all, and a running service sees each at once."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from gateway.cli.keys import exchange
from gateway.errors import UnsafeSettings
from gateway.sealing import key_files, key_making, keys
from gateway.sealing.held import Held
from tests.atrest.desk import house_of, office
from tests.journeys.world import World

ON = date(2026, 11, 20)
NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "keys"
    keys.make(made, on=ON)
    return made


def secret_of(path: Path) -> str:
    content = json.loads(path.read_text())
    return str(content.get("d") or content["k"])


def lies_in(folder: Path, secret: str) -> bool:
    return any(secret.encode() in path.read_bytes() for path in folder.iterdir())


# --- made in steps ------------------------------------------------------------------------------


@pytest.mark.parametrize("use", keys.USES)
def test_F38_a_staged_key_is_nobodys_until_it_is_activated(folder: Path, use: str) -> None:
    before = keys.listing(folder)
    name = key_making.stage(folder, use, on=ON)
    assert keys.listing(folder) == before
    assert keys.load(folder)
    key_making.activate(folder, name)
    assert {key.name for key in keys.listing(folder)} - {key.name for key in before} == {
        f"{name}.key"
    }
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_F38_whoever_was_interrupted_goes_on_with_the_same_key(folder: Path) -> None:
    name = key_making.stage(folder, "signing", on=ON)
    kid = key_making.read_staged(folder, name).kid
    assert key_making.stage(folder, "signing", on=date(2027, 1, 1)) == name
    assert key_making.read_staged(folder, name).kid == kid
    os.link(folder / f".staged-{name}.key", folder / f"{name}.key")  # killed half through
    key_making.activate(folder, name)
    key_making.activate(folder, name)
    assert keys.load(folder).signing.kid == kid
    assert not list(folder.glob(".*"))
    assert key_making.stage(folder, "signing", on=ON) != name


def test_F38_a_staged_file_cut_short_is_made_anew(folder: Path) -> None:
    (folder / ".staged-signing-2026-11-2.key").write_text('{"kid"')
    (folder / ".staged-signing-2026-11-2.key").chmod(0o600)
    name = key_making.stage(folder, "signing", on=ON)
    key_making.activate(folder, name)
    assert keys.load(folder).signing.by_kid.keys() >= {keys.load(folder).signing.kid}


@pytest.mark.parametrize("steps", range(2 * len(keys.USES)))
def test_making_the_folder_is_taken_up_where_it_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    """As when the machine stops, or a token is not there, at any step of `gateway keys new`."""
    left = [True] * steps

    def stop(to: Path, _target: Path, real: Callable[..., Path]) -> Path | None:
        if not left:
            raise KeyboardInterrupt
        left.pop()
        return real(to, _target)

    replace, link = Path.replace, os.link
    monkeypatch.setattr(Path, "replace", lambda self, target: stop(self, target, replace))
    monkeypatch.setattr(os, "link", lambda one, other: stop(one, other, link))
    made = tmp_path / "new"
    with pytest.raises(KeyboardInterrupt):
        keys.make(made, on=ON)
    monkeypatch.undo()
    before = {secret_of(path) for path in made.glob("*.key")}
    keys.make(made, on=ON)
    assert keys.load(made)
    assert {path.name for path in made.iterdir()} == {f"{use}-2026-11-1.key" for use in keys.USES}
    assert before <= {secret_of(path) for path in made.iterdir()}
    with pytest.raises(UnsafeSettings):
        keys.make(made, on=ON)


def test_a_folder_that_lost_a_key_is_not_given_another_in_silence(folder: Path) -> None:
    (folder / "epoch-2026-11-1.key").unlink()
    with pytest.raises(UnsafeSettings):
        keys.make(folder, on=ON)


def test_no_power_cut_takes_a_key_that_was_used(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its file is on the disk before it has a name, and one name of it always is."""
    order: list[str] = []
    link, sync, unlink = os.link, os.fsync, Path.unlink

    def synced(handle: int) -> None:
        order.append("folder" if Path(f"/proc/self/fd/{handle}").is_dir() else "file")
        sync(handle)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "link", lambda *of: (order.append("link"), link(*of)))
    name = key_making.stage(folder, "epoch", on=ON)
    assert order[-2:] == ["file", "folder"]
    monkeypatch.setattr(Path, "unlink", lambda *a, **k: (order.append("unlink"), unlink(*a, **k)))
    key_making.activate(folder, name)
    assert order[-4:] == ["link", "folder", "unlink", "folder"]


def test_a_key_that_starts_later_is_published_and_not_yet_used(folder: Path) -> None:
    starts_at = NOW + timedelta(minutes=30)
    for use in keys.USES:
        key_making.activate(folder, key_making.stage(folder, use, on=ON, starts_at=starts_at))
    first, early = keys.load(folder, now=NOW - timedelta(days=1)), keys.load(folder, now=NOW)
    assert early.signing.kid == first.signing.kid
    published = [jwk["kid"] for jwk in keys.jwks(early)["keys"]]
    late = keys.load(folder, now=starts_at)
    assert late.signing.kid in published
    assert late.encryption.kid in early.encryption.by_kid
    assert late.log_public[0] in early.log_public
    assert late.log_public[-1] == early.log_public[-1] == early.log_public[0]  # the log's name
    assert late.index != early.index
    assert set(late.indexes.values()) == set(early.indexes.values())
    assert late.cursor in early.cursors
    assert early.provider.unwrap(*late.provider.wrap(b"k", b"here"), b"here") == b"k"
    assert {key.stands for key in keys.listing(folder, NOW)} == {"current", "later"}
    assert {key.stands for key in keys.listing(folder, starts_at)} == {"current", "older"}


def test_F38_commands_at_the_same_moment_make_a_key_each_and_none_fails(
    sqlite_world: World,
) -> None:
    """Each is staged, recorded and there before the next begins, in threads or processes."""
    count = 6
    gate = threading.Barrier(count)

    def rotate() -> None:
        desk = office(sqlite_world)
        gate.wait()
        exchange(desk, "signing", 0)

    with ThreadPoolExecutor(count) as threads:
        for done in [threads.submit(rotate) for _ in range(count)]:
            done.result()
    folder = house_of(sqlite_world).settings.keys
    assert len(list(folder.glob("signing-*.key"))) == 1 + count
    assert not list(folder.glob(".*"))
    kids = {each["facts"]["kid"] for each in sqlite_world.log(event="key.rotated")}
    assert len(kids) == count


# --- destroyed ----------------------------------------------------------------------------------


@pytest.mark.parametrize("use", ["token", "encryption", "cursor", "epoch", "index"])
def test_F38_a_destroyed_key_is_gone(folder: Path, use: str) -> None:
    secret = secret_of(folder / f"{use}-2026-11-1.key")
    keys.rotate(folder, use, on=ON)
    key_making.destroy(folder, f"{use}-2026-11-1")
    assert not lies_in(folder, secret)
    assert {path.suffix for path in folder.iterdir()} == {".key"}
    keys.load(folder)


def test_F38_destroying_that_was_interrupted_is_finished(folder: Path) -> None:
    secret = secret_of(folder / "cursor-2026-11-1.key")
    keys.rotate(folder, "cursor", on=ON)
    (folder / "cursor-2026-11-1.key").rename(folder / ".destroyed-cursor-2026-11-1")
    assert lies_in(folder, secret)
    key_making.stage(folder, "cursor", on=ON)
    assert not lies_in(folder, secret)


@pytest.mark.parametrize("use", ["signing", "log"])
def test_T22_a_retired_key_leaves_its_public_half(folder: Path, use: str) -> None:
    secret = secret_of(folder / f"{use}-2026-11-1.key")
    before = keys.load(folder)
    keys.rotate(folder, use, on=ON)
    key_making.retire(folder, f"{use}-2026-11-1", on=ON)
    after = keys.load(folder)
    assert not lies_in(folder, secret)
    assert after.log_public[-1] == before.log_public[-1]
    assert before.signing.kid in {jwk["kid"] for jwk in after.signing.public}
    if use == "signing":
        assert before.signing.kid not in after.signing.by_kid
    assert {key.stands for key in keys.listing(folder) if key.use == use} == {"current", "retired"}


def test_only_keys_that_were_followed_long_enough_are_retired(folder: Path) -> None:
    for day in (21, 22, 25):
        keys.rotate(folder, "signing", on=date(2026, 11, day))
    files = key_files.read(folder)["signing"]
    due = key_files.due_to_retire(files, date(2026, 11, 23))
    assert [file.name for file in due] == ["signing-2026-11-1", "signing-2026-11-2"]
    assert key_files.due_to_retire(files[:1], date(2027, 1, 1)) == []


def test_a_folder_of_retired_keys_alone_stops_the_start(folder: Path) -> None:
    key_making.retire(folder, "signing-2026-11-1", on=ON)
    with pytest.raises(UnsafeSettings):
        keys.load(folder)


# --- read by a running service ------------------------------------------------------------------


@pytest.mark.parametrize("use", ["token", "log", "epoch"])
def test_a_clock_that_is_months_behind_its_keys_stops_no_start(
    folder: Path, use: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The first key of a use is gone, the others start later by this clock: the first of them."""
    names = []
    for months in (3, 2):
        starts_at = NOW + timedelta(days=30 * months)
        names.append(key_making.stage(folder, use, on=ON, starts_at=starts_at))
        key_making.activate(folder, names[-1])
    assert len(key_files.read(folder, NOW)[use]) == 3
    for file in key_files.read(folder, NOW)[use]:
        if file.name not in names:
            key_making.destroy(folder, file.name)
    assert [file.name for file in key_files.read(folder, NOW)[use]] == [names[1], names[0]]
    assert "is the clock right?" in caplog.text
    keys.load(folder, now=NOW)


def test_F38_a_running_service_reads_a_new_key_with_its_next_request(folder: Path) -> None:
    held = Held(folder)
    seen = [held.at(NOW).signing.kid]
    for _ in range(20):
        keys.rotate(folder, "signing", on=ON)
        seen.append(held.at(NOW).signing.kid)
        assert seen[-1] == keys.load(folder).signing.kid
    assert len(set(seen)) == 21


def test_a_service_uses_a_key_from_the_moment_it_starts(folder: Path) -> None:
    held = Held(folder)
    first = held.at(NOW).token.kid
    starts_at = NOW + timedelta(seconds=30)
    key_making.activate(folder, key_making.stage(folder, "token", on=ON, starts_at=starts_at))
    assert held.at(starts_at - timedelta(seconds=1)).token.kid == first
    assert held.at(starts_at).token.kid != first


def test_the_folder_is_read_once_as_long_as_nothing_changes(folder: Path) -> None:
    os.utime(folder, (1, 1))
    held = Held(folder)
    assert held.at(NOW) is held.at(NOW + timedelta(days=400))


def test_a_folder_that_cannot_be_read_any_more_leaves_the_keys_of_before(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    held = Held(folder)
    kept = held.at(NOW)
    (folder / "signing-2026-12-1.key").write_text("{")
    assert held.at(NOW) is kept
    assert "keys folder" in caplog.text
    (folder / "signing-2026-12-1.key").unlink()
    with pytest.raises(UnsafeSettings):
        Held(folder / "none").at(NOW)


def test_F38_readers_never_meet_half_a_change(folder: Path) -> None:
    """Keys come and go as fast as they can, while others read the folder."""
    faults: list[str] = []
    stop = threading.Event()

    def reading() -> None:
        held = Held(folder)
        while not stop.is_set():
            try:
                keys.load(folder)
                held.at(NOW)
            except Exception as fault:
                faults.append(repr(fault))

    threads = [threading.Thread(target=reading) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(1, 30):
        for use in ("cursor", "signing"):
            keys.rotate(folder, use, on=date(2027 + number, 1, 1))
            older = next(file for file in key_files.read(folder)[use][1:] if not file.is_retired)
            key_making.retire(folder, older.name, on=ON)
    stop.set()
    for thread in threads:
        thread.join()
    assert faults == []
