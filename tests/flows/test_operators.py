"""Operators: a key of one's own, sealed; and the commands that take two of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from gateway.cli.agency import agency as agency_commands
from gateway.cli.office import Office
from gateway.cli.operator import PASSPHRASE
from gateway.cli.operator import operator as operator_commands
from gateway.errors import Conflict, Invalid, NotFound, Undecipherable, UnsafeSettings
from gateway.sealing import operators
from tests.doors.oauth import Agency, Door, a_door

ON = date(2026, 11, 23)
WORDS = "correct horse battery"


@pytest.fixture
def door(sqlite_url: str, tmp_path: Path) -> Iterator[Door]:
    with a_door(sqlite_url, tmp_path) as door:
        yield door


@pytest.fixture
def office(door: Door) -> Office:
    house = door.house
    house.settings.keys.mkdir(mode=0o700)
    return Office(house.settings, lambda: house.sessions, lambda: house.keys, lambda: door.now)


def run(office: Office, group: Any, *words: str, say: str = "", fails: bool = False) -> str:
    result = CliRunner(env={PASSPHRASE: WORDS}).invoke(group, words, obj=office, input=say)
    assert (result.exit_code != 0) is fails, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return str(result.output)


# --- keys of operators ----------------------------------------------------------------------------


def test_a_private_file_opens_with_its_passphrase_alone() -> None:
    secret, public = operators.make("alex", WORDS)
    alex = operators.unseal(secret, WORDS)
    assert alex.id == "alex"
    assert operators.read_public(public).thumbprint == alex.public["kid"]
    assert operators.read_public(secret).thumbprint == alex.public["kid"]
    with pytest.raises(Undecipherable):
        operators.unseal(secret, WORDS + "!")
    moved = json.dumps({**json.loads(secret), "operator": "sam"})
    with pytest.raises(Undecipherable):
        operators.unseal(moved, WORDS)
    assert '"d"' not in secret
    again, _ = operators.make("alex", WORDS)
    assert json.loads(again)["sealed"] != json.loads(secret)["sealed"]
    assert "key=" not in repr(alex)


@pytest.mark.parametrize("text", ["", "x", "[]", "{}", '{"operator":"a"}', '{"operator":"A B"}'])
def test_what_is_no_operators_file_is_refused(text: str) -> None:
    with pytest.raises(Undecipherable):
        operators.read_public(text)
    with pytest.raises(Undecipherable):
        operators.unseal(text, WORDS)


def test_an_id_and_a_passphrase_have_a_form() -> None:
    for operator_id, words in (("Alex", WORDS), ("", WORDS), ("alex", "short")):
        with pytest.raises(Invalid):
            operators.make(operator_id, words)


def test_an_operator_who_ended_signed_what_it_signed(tmp_path: Path) -> None:
    secret, public = operators.make("alex", WORDS)
    operators.add(tmp_path, public, on=ON)
    statement = operators.unseal(secret, WORDS).state({"says": "x"})
    assert operators.check(statement, operators.load(tmp_path)) == ("alex", {"says": "x"})
    with pytest.raises(Conflict, match="last operator"):  # nobody could add another ever after
        operators.end(tmp_path, "alex", on=ON)
    operators.add(tmp_path, operators.make("kim", WORDS)[1], on=ON)
    operators.end(tmp_path, "alex", on=ON)
    with pytest.raises(Undecipherable):
        operators.check(statement, operators.load(tmp_path))
    assert operators.check(statement, operators.load(tmp_path, ended=True))[0] == "alex"
    with pytest.raises(Conflict):
        operators.end(tmp_path, "alex", on=ON)
    with pytest.raises(NotFound):
        operators.end(tmp_path, "sam", on=ON)
    with pytest.raises(Conflict):  # an id and a key are given once
        operators.add(tmp_path, public, on=ON)


def test_the_folder_of_operators_is_the_services_alone(tmp_path: Path) -> None:
    assert operators.load(tmp_path) == {}
    operators.add(tmp_path, operators.make("alex", WORDS)[1], on=ON)
    file = tmp_path / operators.FOLDER / "alex.json"
    file.chmod(0o640)
    with pytest.raises(UnsafeSettings):
        operators.load(tmp_path)
    file.chmod(0o600)
    file.write_text("x")
    with pytest.raises(UnsafeSettings):
        operators.load(tmp_path)


# --- commands -------------------------------------------------------------------------------------


@pytest.fixture
def two(office: Office, tmp_path: Path) -> tuple[str, str]:
    """The private files of two operators, both registered."""
    files = []
    for name in ("alex", "sam"):
        run(office, operator_commands, "new", name, str(tmp_path / name))
        public = tmp_path / name / f"{name}.public.json"
        run(office, operator_commands, "add", str(public), say="y\n")
        private = tmp_path / name / f"{name}.operator.json"
        assert private.stat().st_mode & 0o077 == 0
        files.append(str(private))
    return files[0], files[1]


def test_operators_are_added_listed_and_ended(
    door: Door, office: Office, two: tuple[str, str]
) -> None:
    assert run(office, operator_commands, "list").count("active") == 2
    run(office, operator_commands, "end", "sam")
    assert "until 2026-11-23" in run(office, operator_commands, "list")
    assert "ended before" in run(office, operator_commands, "end", "sam", fails=True)
    assert "last operator" in run(office, operator_commands, "end", "alex", fails=True)
    assert "active" in run(office, operator_commands, "list")
    assert [e["event"] for e in door.records()] == ["operator.added"] * 2 + ["operator.ended"]


def test_whoever_is_left_can_add_the_next_and_does_nothing_else_alone(
    office: Office, two: tuple[str, str], tmp_path: Path
) -> None:
    run(office, operator_commands, "end", "sam")
    run(office, operator_commands, "new", "kim", str(tmp_path / "kim"))
    public = str(tmp_path / "kim" / "kim.public.json")
    run(office, operator_commands, "add", public, "--yes", fails=True)
    run(office, operator_commands, "add", public, "--yes", "--operator", two[1], fails=True)
    run(office, operator_commands, "add", public, "--yes", "--operator", two[0])
    assert run(office, operator_commands, "list").count("active") == 2
    run(
        office, operator_commands, "end", "alex"
    )  # he whose key was lost goes, when another is there


def test_nobody_becomes_an_operator_whom_the_log_does_not_name(
    door: Door, office: Office, tmp_path: Path
) -> None:
    _, public = operators.make("alex", WORDS)
    (tmp_path / "alex.json").write_text(public)
    with door.behind() as session:
        session.execute(text("ALTER TABLE log_pending RENAME TO gone"))
        session.commit()
    run(office, operator_commands, "add", str(tmp_path / "alex.json"), "--yes", fails=True)
    assert operators.listing(office.settings.keys) == ()
    with door.behind() as session:
        session.execute(text("ALTER TABLE gone RENAME TO log_pending"))
        session.commit()
    run(office, operator_commands, "add", str(tmp_path / "alex.json"), "--yes")
    assert [each.id for each in operators.listing(office.settings.keys)] == ["alex"]


def test_thumbprints_are_compared_by_both_before_an_agency_is_in(
    door: Door, office: Office, two: tuple[str, str], tmp_path: Path
) -> None:
    agency = Agency("homes", door)
    file, answer = tmp_path / "set.json", tmp_path / "answer.txt"
    file.write_text(json.dumps(agency.jwks()))
    words = ["add", "homes", "Marlbury Homes", "--kind", "landlord", "--area", "marlbury"]
    words += ["--jwks", str(file), "--operator", two[0]]
    said = run(office, agency_commands, *words, say="n\n", fails=True)
    for print_ in (agency.sig["kid"], agency.enc["kid"]):
        assert " ".join(print_[i : i + 4] for i in range(0, 43, 4)) in said
    assert run(office, agency_commands, "pending") == ""
    run(office, agency_commands, *words, say="y\n")
    assert "homes\tREGISTER\talex" in run(office, agency_commands, "pending")
    assert run(office, agency_commands, "list") == ""
    approving = ["approve", "homes", "--answer", str(answer)]
    said = run(office, agency_commands, *approving, "--operator", two[0], say="y\n", fails=True)
    assert "Another operator than the one who asked approves." in said
    said = run(office, agency_commands, *approving, "--operator", two[1], say="n\n", fails=True)
    assert agency.enc["kid"][:4] in said
    run(office, agency_commands, *approving, "--operator", two[1], say="y\n")
    assert answer.read_text().count(".") == 4
    assert "homes\tLANDLORD\tOWN\tactive" in run(office, agency_commands, "list")
    assert agency.token("referrals:write")
    workers = {e["worker"] for e in door.records() if e["event"].startswith("agency.reg")}
    assert workers == {"sam"}


def test_keys_are_changed_shown_checked_and_ended_by_command(
    door: Door, office: Office, two: tuple[str, str], tmp_path: Path
) -> None:
    def let_in(*words: str) -> None:
        run(office, agency_commands, *words, "--yes", "--operator", two[0])
        run(office, agency_commands, "approve", "homes", "--yes", "--operator", two[1])

    agency, other = Agency("homes", door), Agency("homes", door)
    for number, each in enumerate((agency, other)):
        (tmp_path / f"{number}.json").write_text(json.dumps(each.jwks()))
    let_in("add", "homes", "Homes", "--kind", "LANDLORD", "--area", "marlbury",
           "--jwks", str(tmp_path / "0.json"), "--until", "2027-11-23")  # fmt: skip
    let_in("rekey", "homes", "--jwks", str(tmp_path / "1.json"), "--overlap", "24")
    assert agency.token("referrals:read")
    assert other.token("referrals:read")
    shown = run(office, agency_commands, "keys", "homes").splitlines()
    assert [line.split("\t")[1] for line in shown] == ["holds"] * 4
    assert sum("until 2026-11-24 09:00" in line for line in shown) == 2
    run(office, agency_commands, "end-key", "homes", agency.sig["kid"])
    assert agency.ask().status_code == 401
    assert run(office, agency_commands, "keys", "homes").count("ended") == 1
    assert "as two operators approved" in run(office, agency_commands, "check")
    run(office, operator_commands, "end", "sam")  # what it approved stays approved
    assert "as two operators approved" in run(office, agency_commands, "check")
    (office.settings.keys / operators.FOLDER / "sam.json").unlink()
    said = run(office, agency_commands, "check", fails=True)
    assert said.count("KEY_NOT_APPROVED: homes") == 3
    assert said.count("AGENCY_CHANGED: homes") == said.count("SCOPES_CHANGED: homes") == 1


def test_a_hosted_agency_is_registered_by_command(office: Office, two: tuple[str, str]) -> None:
    words = ["clinic", "A Clinic", "--kind", "PRIMARY_CARE", "--area", "marlbury"]
    words += ["--operator", two[0]]
    run(office, agency_commands, "add", *words, "--custody", "hosted", say="y\n")
    said = run(office, agency_commands, "approve", "clinic", "--operator", two[1], say="y\n")
    assert said.count("thumbprint") == 2
    run(office, agency_commands, "add", *words, fails=True)  # own custody needs a key set
    run(office, agency_commands, "rekey", "clinic", "--operator", two[0], "--yes")
    run(office, agency_commands, "withdraw", "clinic")
    assert run(office, agency_commands, "pending") == ""


def test_bad_files_end_in_one_line(
    door: Door, office: Office, two: tuple[str, str], tmp_path: Path
) -> None:
    words = ["add", "homes", "Homes", "--kind", "LANDLORD", "--area", "marlbury", "--yes"]
    for number, content in enumerate((b"\xff", b"{", b"[]", b'{"keys":[]}', b"1")):
        file = tmp_path / f"{number}.json"
        file.write_bytes(content)
        more = ["--jwks", str(file), "--operator", two[0]]
        said = run(office, agency_commands, *words, *more, fails=True)
        assert said.startswith("Error: ")
    good = tmp_path / "good.json"
    good.write_text(json.dumps(Agency("homes", door).jwks()))
    for file in (tmp_path / "alex" / "alex.public.json", tmp_path / "0.json"):
        more = ["--jwks", str(good), "--operator", str(file)]
        said = run(office, agency_commands, *words, *more, fails=True)
        assert "Error: " in said
    assert "--operator" in run(office, agency_commands, *words, "--jwks", str(good), fails=True)


def test_from_the_third_on_an_operator_adds_an_operator(
    office: Office, two: tuple[str, str], tmp_path: Path
) -> None:
    """Somebody who is none, or was one, cannot make himself a second one with our commands."""
    run(office, operator_commands, "new", "kim", str(tmp_path / "kim"))
    public = str(tmp_path / "kim" / "kim.public.json")
    own = str(tmp_path / "kim" / "kim.operator.json")
    said = run(office, operator_commands, "add", public, "--yes", fails=True)
    assert "An operator adds another" in said
    said = run(office, operator_commands, "add", public, "--yes", "--operator", own, fails=True)
    assert "not that of an operator" in said
    run(office, operator_commands, "end", "alex")
    # Who ended one, or both, would gain nothing by it: the last one is not ended at all.
    run(office, operator_commands, "end", "sam", fails=True)
    for words in ([], ["--operator", own], ["--operator", two[0]]):
        run(office, operator_commands, "add", public, "--yes", *words, fails=True)


def test_an_operator_adds_the_third(
    office: Office, two: tuple[str, str], tmp_path: Path, door: Door
) -> None:
    run(office, operator_commands, "new", "kim", str(tmp_path / "kim"))
    public = str(tmp_path / "kim" / "kim.public.json")
    run(office, operator_commands, "add", public, "--yes", "--operator", two[0])
    assert run(office, operator_commands, "list").count("active") == 3
    assert door.records()[-1]["worker"] == "alex"


def test_an_answer_that_cannot_be_written_lets_nobody_in(
    office: Office, two: tuple[str, str], tmp_path: Path
) -> None:
    words = ["clinic", "A Clinic", "--kind", "PRIMARY_CARE", "--area", "marlbury"]
    words += ["--custody", "hosted", "--operator", two[0], "--yes"]
    run(office, agency_commands, "add", *words)
    approve = ["approve", "clinic", "--operator", two[1], "--answer"]
    nowhere = str(tmp_path / "missing" / "answer.jose")
    said = run(office, agency_commands, *approve, nowhere, "--yes", fails=True)
    assert "cannot be written" in said
    answer = tmp_path / "answer.jose"
    run(office, agency_commands, *approve, str(answer), say="n\n", fails=True)
    assert "clinic" in run(office, agency_commands, "pending")  # he said no: still waiting
    run(office, agency_commands, *approve, str(answer), "--yes")
    assert answer.stat().st_mode & 0o777 == 0o600
    assert answer.read_text().count(".") == 4
