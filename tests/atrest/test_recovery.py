"""The recovery key: two of three partners bring the keys back; one does not."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway import ledger
from gateway.cli.recovery import keys as key_commands
from gateway.errors import GatewayError, Undecipherable
from gateway.sealing import jose, keys, recovery
from tests.atrest.desk import epoch, house_of, office
from tests.journeys.world import World, example

LANDLORD, IDVA = "harbourgate-homes", "marlbury-idva"
HOLDERS = ("marlbury-police", "marlbury-csc", "marlbury-hospital")


@dataclass
class Ceremony:
    """A split recovery key, its holders' opened shares, and an archive."""

    world: World
    folder: Path
    shares: dict[str, Path]

    @property
    def archive(self) -> Path:
        return self.folder / "archive.jose"

    def run(self, *words: str, fails: bool = False, **settings: object) -> str:
        done = CliRunner().invoke(
            key_commands, ["recovery", *words], obj=office(self.world, **settings)
        )
        assert (done.exit_code != 0) is fails, (done.output, done.exception)
        return done.output

    def with_shares(self, *holders: str) -> list[str]:
        return [word for each in holders for word in ("--share", str(self.shares[each]))]


@pytest.fixture
def ceremony(sqlite_world: World, tmp_path: Path) -> Ceremony:
    made = Ceremony(sqlite_world, tmp_path, {})
    to = [word for each in HOLDERS for word in ("--to", each)]
    made.run("split", *to, "--out", str(tmp_path))
    for each in HOLDERS:
        sealed = (tmp_path / f"share-{each}.jose").read_text().strip()
        opened = sqlite_world.client(each).open_file(sealed)
        made.shares[each] = tmp_path / f"{each}.share"
        made.shares[each].write_text(json.dumps(opened))
    made.run("archive", str(made.archive))
    return made


def test_F39_M21_any_two_holders_bring_every_key_back(ceremony: Ceremony) -> None:
    world = ceremony.world
    reference = world.client(LANDLORD).refer(example("c1")).reference
    kid, own = world.keys.signing.kid, house_of(world).settings.keys
    before = {path.name: path.read_text() for path in own.glob("*.key")}
    for number, two in enumerate(combinations(HOLDERS, 2)):
        folder = ceremony.folder / f"again-{number}"
        words = [str(ceremony.archive), *ceremony.with_shares(*two), "--signed-by", kid]
        ceremony.run("recover", *words, keys=folder)
        assert {path.name: path.read_text() for path in folder.iterdir()} == before
        assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    shutil.rmtree(own)
    shutil.copytree(ceremony.folder / "again-0", own)
    assert world.client(IDVA).pull(reference, "P2").sealed
    world.sequence()
    assert ledger.verify(world.sessions, world.keys, deep=True)
    assert [each["facts"]["holders"] for each in world.log(event="recovery.used")] == [
        sorted(two) for two in combinations(HOLDERS, 2)
    ]


def test_M21_the_drill_proves_it_and_writes_nothing(ceremony: Ceremony) -> None:
    before = {path: path.read_bytes() for path in ceremony.folder.rglob("*") if path.is_file()}
    folder = house_of(ceremony.world).settings.keys
    held = {path: path.read_bytes() for path in folder.iterdir()}
    said = ceremony.run("drill", str(ceremony.archive), *ceremony.with_shares(*HOLDERS[:2]))
    assert said.startswith("opened: 7 keys")
    assert {path: path.read_bytes() for path in before} == before
    assert {path: path.read_bytes() for path in folder.iterdir()} == held
    (entry,) = ceremony.world.log(event="recovery.drilled")
    assert entry["facts"]["holders"] == sorted(HOLDERS[:2])
    assert entry["facts"]["missing"] == 0


def test_M21_the_drill_finds_an_archive_that_is_too_old(ceremony: Ceremony) -> None:
    epoch(ceremony.world)
    words = [str(ceremony.archive), *ceremony.with_shares(*HOLDERS[1:])]
    assert "lacks keys of now" in ceremony.run("drill", *words, fails=True)


def test_M21_one_holder_opens_nothing(ceremony: Ceremony) -> None:
    one = ceremony.with_shares(HOLDERS[0])
    ceremony.run("drill", str(ceremony.archive), *one, fails=True)
    ceremony.run("drill", str(ceremony.archive), *one, *one, fails=True)
    share = json.loads(ceremony.shares[HOLDERS[0]].read_text())
    with pytest.raises(Undecipherable):
        recovery._private(b"\0" * 32)
    guess = jose.thumbprint(recovery._private(jose.b64u_decode(share["values"])))
    assert guess != share["recovery_key"]


def test_M21_the_recovery_key_itself_is_nowhere(ceremony: Ceremony) -> None:
    two = [ceremony.shares[each].read_text() for each in HOLDERS[:2]]
    scalar = recovery.shamir.combine([recovery._read(text)[2] for text in two])
    wanted = (scalar, jose.b64u(scalar).encode(), scalar.hex().encode())
    folder = house_of(ceremony.world).settings.keys
    places = [folder.parent, ceremony.folder]
    for path in (path for place in places for path in place.rglob("*") if path.is_file()):
        assert not [each for each in wanted if each in path.read_bytes()], path
    for each in HOLDERS:
        assert json.loads(ceremony.shares[each].read_text())["agency"] == each


@pytest.mark.parametrize("place", [0.1, 0.5, 0.9, 0.99])
def test_V32_an_altered_archive_is_refused(ceremony: Ceremony, place: float) -> None:
    text = ceremony.archive.read_text().strip()
    at = int(len(text) * place)
    ceremony.archive.write_text(text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :])
    words = [str(ceremony.archive), *ceremony.with_shares(*HOLDERS[:2])]
    ceremony.run("drill", *words, fails=True)
    folder = ceremony.folder / "again"
    kid = ceremony.world.keys.signing.kid
    ceremony.run("recover", *words, "--signed-by", kid, fails=True, keys=folder)
    assert not folder.exists()


def test_V32_an_archive_by_somebody_else_is_refused(ceremony: Ceremony) -> None:
    """Anybody may seal to the public recovery key; only the gateway signs."""
    other = ceremony.folder / "other"
    keys.make(other, on=ceremony.world.now.date())
    folder = house_of(ceremony.world).settings.keys
    recovery.keep_public(other, recovery.read_public(folder))
    held = keys.load(other)
    made = recovery.seal_archive(
        other, signing=held.signing.key, kid=held.signing.kid, made_at="2026-11-23"
    )
    ceremony.archive.write_text(made)
    words = [str(ceremony.archive), *ceremony.with_shares(*HOLDERS[:2])]
    assert "not signed" in ceremony.run("drill", *words, fails=True)


@pytest.mark.parametrize("member", ["values", "at", "recovery_key", "agency"])
def test_M21_a_damaged_share_is_found(ceremony: Ceremony, member: str) -> None:
    path = ceremony.shares[HOLDERS[0]]
    told = json.loads(path.read_text())
    told[member] = 2 if member == "at" else told[member][:-1] + "_"
    path.write_text(json.dumps(told))
    words = [str(ceremony.archive), *ceremony.with_shares(*HOLDERS[:2])]
    assert "damaged" in ceremony.run("drill", *words, fails=True)


def test_M21_shares_of_an_earlier_split_do_not_mix(ceremony: Ceremony) -> None:
    old = dict(ceremony.shares)
    to = [word for each in HOLDERS for word in ("--to", each)]
    ceremony.run("split", *to, "--out", str(ceremony.folder / "second"))
    sealed = (ceremony.folder / "second" / f"share-{HOLDERS[0]}.jose").read_text().strip()
    ceremony.shares[HOLDERS[0]].write_text(
        json.dumps(ceremony.world.client(HOLDERS[0]).open_file(sealed))
    )
    words = [str(ceremony.archive), *ceremony.with_shares(*HOLDERS[:2])]
    assert old
    assert "different recovery keys" in ceremony.run("drill", *words, fails=True)


@pytest.mark.parametrize("to", [HOLDERS[:2], (*HOLDERS[:2], HOLDERS[0]), (*HOLDERS[:2], "nobody")])
def test_M21_three_known_partners_hold_it(ceremony: Ceremony, to: tuple[str, ...]) -> None:
    words = [word for each in to for word in ("--to", each)]
    ceremony.run("split", *words, "--out", str(ceremony.folder / "third"), fails=True)


def test_V32_nothing_is_recovered_over_keys(ceremony: Ceremony) -> None:
    words = [str(ceremony.archive), *ceremony.with_shares(*HOLDERS[:2])]
    kid = ceremony.world.keys.signing.kid
    assert "not empty" in ceremony.run("recover", *words, "--signed-by", kid, fails=True)
    opened = recovery.open_archive(
        ceremony.archive.read_text().strip(),
        [ceremony.shares[each].read_text() for each in HOLDERS[:2]],
        signed_by=kid,
    )
    for name in ("../x.key", "a/b.key", "passwd"):
        with pytest.raises(GatewayError):
            recovery.write_folder(ceremony.folder / "new", replace(opened, files={name: "{}"}))
        assert not list((ceremony.folder / "new").iterdir())
