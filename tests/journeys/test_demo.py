"""The demonstration, as somebody runs it: a process of its own, gunicorn, real HTTP."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from gateway.client import check, commands
from gateway.demo import cases, expectations, forms, proof
from gateway.demo.forms import Forms
from gateway.errors import BrokenTable
from gateway.rules import grading
from gateway.schemas import forms as schemas
from gateway.schemas.codes import AgeBand

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-c", "from gateway.main import main; main()", "demo"]
LIMIT = 60  # seconds that a run may take on a machine of its own
DAYS = [date(2026, 11, 21), date(2027, 2, 28), date(2028, 2, 29), date(2033, 6, 15)]

# What part of the work owes a row that is not owed now.
OWED_BY_OTHERS = {
    "decisions": set(),
    "desk": set(),
    "later": {"C1", "C3", "N5"},
}


def start(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def once(folder: Path, *arguments: object) -> tuple[int, str]:
    process = start("--once", "--folder", folder, *arguments)
    said, _ = process.communicate(timeout=4 * LIMIT)
    return process.returncode, said


def verdicts(said: str) -> dict[str, str]:
    found = re.findall(r"^ +(held|failed|not yet) +([a-z0-9-]+)  ", said, re.MULTILINE)
    return {row: verdict for verdict, row in found}


# --- a whole run ------------------------------------------------------------------------------


def test_one_answer_of_C1_given_otherwise_is_noticed(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "forms")
    file = tmp_path / "forms" / "c1.json"
    form = json.loads(file.read_text("utf-8"))
    answers = form["document"]["risk_assessments"]["value"][0]["answers"]
    answers[0]["value"] = "NO"
    file.write_text(json.dumps(form), "utf-8")

    code, said = once(tmp_path / "demo", "--form-folder", tmp_path / "forms")

    assert [row for row, verdict in verdicts(said).items() if verdict == "failed"] == ["c1-score"]
    assert code == 1, said


def test_F110_everything_that_is_owed_now_is_held_and_the_service_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    process = start("--folder", tmp_path / "demo")
    try:
        said = "".join(lines_until(process, "Every other agency"))
        assert_held(said, tmp_path / "demo")
        (address,) = re.findall(r"(http://127\.0\.0\.1:\d+)/docs", said)
        settings = str(tmp_path / "demo" / "gateway-client.toml")
        assert commands.main(["refer", str(ROOT / "examples/c1.json"), "--config", settings]) == 0
        assert "Received" in capsys.readouterr().out
        look_around(said, address)
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=LIMIT)
    finally:
        process.kill()
    assert process.returncode == 0, rest
    assert "Stopped." in rest
    assert refuses(int(address.rpartition(":")[2]))


def assert_held(said: str, folder: Path) -> None:
    """Every row that is owed now; and nothing that is planted lies readable in the folder."""
    rows = expectations.load()
    assert verdicts(said) == {r.id: "held" if r.owed == "now" else "not yet" for r in rows}
    played = said.partition("The service goes on")[0]  # what follows names folders, however long
    assert max(map(len, played.splitlines())) <= 100
    readable = [
        (word, path.name)
        for path in folder.rglob("*")
        if path.is_file()
        for word in ("Marsh-Okoro", "12 Tern Court", "07700 900123", "Lantern House", "Ashgrove")
        if word.encode() in path.read_bytes()
    ]
    assert readable == []
    assert folder.stat().st_mode & 0o777 == 0o700


def look_around(said: str, address: str) -> None:
    """Each of the three links leads to its own desk, once."""
    links = re.findall(rf"{address}(/desk/link/\S+)", said)
    whose = ("Marlbury MARAC coordination", "Marlbury IDVA service", "Harbourgate Homes")
    assert len(links) == len(whose)
    for link, name in zip(links, whose, strict=True):
        jar = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        with jar.open(address + link) as shown:
            token = re.findall(r'name="token" value="([^"]+)"', shown.read().decode())[0]
        form = urllib.parse.urlencode({"token": token}).encode()
        sent = urllib.request.Request(address + link, form, {"Origin": address})  # noqa: S310 - ours
        with jar.open(sent) as desk:
            text = desk.read().decode()
        assert name in text
        assert "What needs me now" in text
        if name == whose[0]:
            assert_half_done(text)
        assert "Nobody is told of what is new" not in text
        with pytest.raises(urllib.error.HTTPError, match="404"):
            jar.open(address + link)


def assert_half_done(text: str) -> None:
    """What the desk of a month half done shows its coordinator first."""
    found = re.findall(r'number">(\d+)</span> <span class="gw-need__text">([^<]+)<', text)
    numbers = {label: int(number) for number, label in found}
    assert 2 <= numbers["high-risk cases nobody has taken on"] <= 5, numbers
    assert "case of imminent danger nobody has taken on" not in numbers
    assert re.search(r"in \d+ (hours|days)", text)  # the next day on which anybody works


def lines_until(process: subprocess.Popen[str], wanted: str) -> Iterator[str]:
    assert process.stdout is not None
    for line in process.stdout:
        yield line
        if wanted in line:
            return
    pytest.fail("the demonstration ended before it served")


def refuses(port: int) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return True
        time.sleep(0.1)
    return False


# --- a folder of its own ------------------------------------------------------------------------


def test_a_folder_that_is_not_a_demonstration_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    code, said = once(tmp_path)
    assert code == 1
    assert "holds something else" in said
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


# --- what is expected -----------------------------------------------------------------------------


def test_each_part_of_the_work_owes_what_it_was_given() -> None:
    rows = expectations.load()
    for owed, owing in OWED_BY_OTHERS.items():
        assert {row.case for row in rows if row.owed == owed} == owing
    now = {row.case for row in rows if row.owed == "now"}
    assert now >= {"C1", "C2", "C3", "C4", "C5", "N1", "N2", "N3", "N4", "N6"}


def test_what_nobody_observed_has_failed() -> None:
    judged = expectations.judge(expectations.load(), {})
    assert {each.verdict for each in judged} == {"failed", "not yet"}


@pytest.mark.parametrize(
    "row",
    ['id = "a"', 'id = "a"\ncase = "C1"\ntext = "t"\nowed = "soon"'],
    ids=["incomplete", "owed-by-nobody"],
)
def test_a_broken_row_is_refused(tmp_path: Path, row: str) -> None:
    (tmp_path / "rows.toml").write_text(f"[[row]]\n{row}\n")
    with pytest.raises(BrokenTable):
        expectations.load(tmp_path / "rows.toml")


def test_the_program_knows_no_decision_it_expects() -> None:
    """Rules, outcomes and states that are expected stand in the table alone."""
    texts = [path.read_text("utf-8") for path in forms.FOLDERS[0].parent.glob("*.py")]
    code = re.sub(r'"""(?:.|\n)*?"""', "", "\n".join(texts))
    expected = json.dumps([row.expected for row in expectations.load() if row.owed == "now"])
    known = set(re.findall(r"\bR\d+[ab]?\b|\b(?:ALLOW|NO_SHARE|MERGED|REDIRECTED)\w*", expected))
    assert known >= {"R1a", "R1b", "R2", "R5a", "R6", "R12", "ALLOW", "NO_SHARE", "MERGED"}
    assert {word for word in known if re.search(rf"\b{word}\b", code)} == set()


# --- the forms ----------------------------------------------------------------------------------


def derived(made: Forms) -> dict[str, dict[str, Any]]:
    names = ("c1", "c2", "c3", "c4", "c5", "minimal")
    one, two = cases.from_two_sides(made)
    return {
        **{name: made.load(name) for name in names},
        "harm": cases.harm_to_children(made),
        "plan": cases.child_protection_plan(made),
        "flight": cases.flight_today(made),
        "before": cases.before_the_move(made),
        "long ago": cases.heard_long_ago(made),
        "n1": cases.standard_risk(made),
        "n2": cases.fifteen(made),
        "n3": cases.back_after_long(made),
        "n4": cases.judged_standard(made),
        "n6 one": one,
        "n6 two": two,
    }


@pytest.mark.parametrize("on", DAYS, ids=str)
def test_every_form_is_valid_in_any_year(on: date) -> None:
    for form in derived(Forms(on)).values():
        check.check(form)


@pytest.mark.parametrize("on", DAYS, ids=str)
def test_nobody_grows_older_with_the_years(on: date) -> None:
    ages = {
        name: grading.age_band(schemas.load(form["form"], form["document"]), on)
        for name, form in derived(Forms(on)).items()
    }
    young = {"c5": AgeBand.AGE_16_17, "n2": AgeBand.U16}
    assert ages == {name: young.get(name, AgeBand.AGE_18PLUS) for name in ages}


def test_variants_are_about_other_people() -> None:
    made = derived(Forms(DAYS[0]))
    numbers = [form["document"]["victim"].get("nhs_number") for form in made.values()]
    told = [number for number in numbers if number]
    same = {"c3": "before", "n3": "long ago", "n6 one": "n6 two"}
    assert len(set(told)) == len(told) - len(same)


def test_the_search_finds_what_is_readable_plainly_or_merely_encoded() -> None:
    wanted = proof.planted([Forms(DAYS[0]).load("c1")])
    assert {"Marsh-Okoro", "12 Tern Court", "07700 900123", "9990001022"} <= wanted.keys()
    assert proof.found_in(wanted, b'{"name":"Marsh-Okoro"}') == {"Marsh-Okoro"}
    # {"lines":["12 Tern Court"]} in base64url, as the payload of a token that is only signed
    encoded = b"eyJsaW5lcyI6WyIxMiBUZXJuIENvdXJ0Il19"
    assert proof.found_in(wanted, b"x." + encoded + b".y") == {"12 Tern Court"}
    assert proof.found_in(wanted, os.urandom(200_000)) == set()
