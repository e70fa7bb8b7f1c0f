"""The gateway's own keys: closed to others, complete, never overwritten, never shown."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from gateway.errors import UnsafeSettings
from gateway.sealing import jose, keys

ON = date(2026, 11, 20)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "keys"
    keys.make(made, on=ON)
    return made


def test_one_key_of_each_use_is_made_for_the_service_alone(folder: Path) -> None:
    assert folder.stat().st_mode & 0o777 == 0o700
    files = sorted(folder.iterdir())
    assert [path.name for path in files] == sorted(f"{use}-2026-11-1.key" for use in keys.USES)
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610])
@pytest.mark.parametrize("use", keys.USES)
def test_a_key_that_others_can_reach_stops_the_start(folder: Path, use: str, mode: int) -> None:
    (folder / f"{use}-2026-11-1.key").chmod(mode)
    with pytest.raises(UnsafeSettings):
        keys.load(folder)


@pytest.mark.parametrize("mode", [0o750, 0o705, 0o711])
def test_a_folder_that_others_can_reach_stops_the_start(folder: Path, mode: int) -> None:
    folder.chmod(mode)
    with pytest.raises(UnsafeSettings):
        keys.load(folder)


@pytest.mark.parametrize("use", keys.USES)
def test_a_missing_key_stops_the_start_and_is_named(folder: Path, use: str) -> None:
    (folder / f"{use}-2026-11-1.key").unlink()
    with pytest.raises(UnsafeSettings, match=use):
        keys.load(folder)


@pytest.mark.parametrize("use", keys.USES)
@pytest.mark.parametrize("text", ["", "{", "[]", '{"kid":"a"}', '{"kid":"a","made_on":"x"}'])
def test_a_damaged_key_stops_the_start(folder: Path, use: str, text: str) -> None:
    (folder / f"{use}-2026-11-1.key").write_text(text)
    with pytest.raises(UnsafeSettings):
        keys.load(folder)


def test_no_folder_no_start(tmp_path: Path) -> None:
    with pytest.raises(UnsafeSettings):
        keys.load(tmp_path / "none")


def test_keys_are_never_made_over_keys(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(UnsafeSettings):
        keys.make(folder, on=ON)
    with pytest.raises(FileExistsError):
        keys.write_secret(folder / "log-2026-11-1.key", "x")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_other_files_in_the_folder_do_not_matter(folder: Path) -> None:
    (folder / "README.md").write_text("hello")
    (folder / "elsewhere-2026-11-1.key").write_text("hello")
    assert keys.load(folder).signing.kid


def test_nothing_secret_is_shown(folder: Path) -> None:
    shown = repr(keys.load(folder)) + repr(keys.listing(folder)) + repr(keys.load(folder).provider)
    secrets = []
    for path in folder.iterdir():
        content = json.loads(path.read_text())
        secrets += [content[name] for name in ("d", "k") if name in content]
    assert len(secrets) == len(keys.USES)
    assert not [secret for secret in secrets if secret in shown]
    assert keys.load(folder).index.hex() not in shown
    assert repr(keys.load(folder).index) not in shown


def test_the_published_set_holds_public_members_alone(folder: Path) -> None:
    held = keys.load(folder)
    published = keys.jwks(held)["keys"]
    assert [(jwk["use"], jwk["kid"]) for jwk in published] == [
        ("sig", held.signing.kid),
        ("sig", held.token.kid),
        ("enc", held.encryption.kid),
    ]
    for jwk in published:
        jose.check_key(jwk, jwk["use"])
        assert jwk["kid"] == jose.thumbprint(jwk)


@pytest.mark.parametrize("use", ["signing", "token", "encryption"])
def test_after_a_rotation_the_old_pair_still_reads(folder: Path, use: str) -> None:
    before = getattr(keys.load(folder), use)
    assert keys.rotate(folder, use, on=ON) == f"{use}-2026-11-2.key"
    after = getattr(keys.load(folder), use)
    assert after.kid != before.kid
    assert set(after.by_kid) == {before.kid, after.kid}
    assert [jwk["kid"] for jwk in after.public] == [after.kid, before.kid]


def test_the_newest_is_the_newest_by_month_and_number(folder: Path) -> None:
    for month in (10, 9, 12):
        keys.rotate(folder, "cursor", on=date(2026, month, 1))
    for _ in range(10):
        keys.rotate(folder, "cursor", on=ON)
    names = [info.name for info in keys.listing(folder) if info.use == "cursor"]
    assert names[:3] == ["cursor-2026-12-1.key", "cursor-2026-11-11.key", "cursor-2026-11-10.key"]
    assert [info.is_current for info in keys.listing(folder) if info.use == "cursor"][:2] == [
        True,
        False,
    ]


def test_a_new_epoch_wraps_and_the_old_one_still_opens(folder: Path) -> None:
    old = keys.load(folder).provider
    epoch, blob = old.wrap(b"k" * 32, b"here")
    keys.rotate(folder, "epoch", on=date(2026, 12, 1))
    new = keys.load(folder).provider
    assert new.wrap(b"k" * 32, b"here")[0] == "epoch-2026-12-1"
    assert new.unwrap(epoch, blob, b"here") == b"k" * 32


def test_an_old_checkpoint_stays_checkable_after_a_rotation(folder: Path) -> None:
    before = keys.load(folder).log_public
    keys.rotate(folder, "log", on=ON)
    after = keys.load(folder)
    assert after.log_public[1:] == before
    assert after.log.public_key().public_bytes_raw() == after.log_public[0]


@pytest.mark.parametrize("use", ["elsewhere", "../x", ""])
def test_an_unknown_use_is_refused(folder: Path, use: str) -> None:
    with pytest.raises(UnsafeSettings):
        keys.rotate(folder, use, on=ON)
