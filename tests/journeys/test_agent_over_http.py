"""A holder's client at work against the service as it is run: gunicorn, HTTP, both databases."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway import ledger
from gateway.client.access import ProblemError
from gateway.client.agent import answer_once
from gateway.client.commands import AWAY, OK, REFUSED, WRONG_FORM, main
from gateway.client.config import DEFAULT
from gateway.client.gateway import Gateway
from gateway.client.http import Sender
from gateway.client.partners import KEPT
from gateway.demo import world as demo
from gateway.demo.registrars import Registrars
from gateway.demo.service import Place
from gateway.flows import agencies
from gateway.schemas.codes import AgencyKind, Custody
from gateway.sealing import jose, keys
from gateway.sealing.keys import Keys
from gateway.store.engine import Sessions, make_engine, make_sessions
from tests.interop.served import any_place, place, postgres_place
from tests.journeys.world import ROOT, example, position

__all__ = ["any_place", "place", "postgres_place"]

LANDLORD, HOLDER, NEWCOMER = "harbourgate-homes", "aster-women", "marlbury-idva"
GP = "marlbury-gp"
CONTACT = example("c1")["sealed"]["safe_contact"]


@dataclass
class Partnership:
    """The running service, its operator's hand, and the agencies' own programs."""

    place: Place
    sessions: Sessions
    keys: Keys
    senders: list[Sender] = field(default_factory=list)

    def client(self, agency: str) -> Gateway:
        base = self.place.settings.base_url
        self.senders.append(Sender(base))
        return demo.connect(
            agency,
            self.senders[-1],
            base_url=base,
            folder=self.place.agencies,
            clock=lambda: datetime.now(UTC),
        )

    def settings(self, agency: str) -> Path:
        """The configuration file of an agency's own command."""
        path = self.place.agencies / agency / DEFAULT
        base = self.place.settings.base_url
        path.write_text(f'base_url = "{base}"\nagency = "{agency}"\nkeys = "."\n')
        return path

    def run(self, *words: str) -> int:
        return main([words[0], *words[2:], "--config", str(self.settings(words[1]))])

    def stop(self, agency: str) -> None:
        with ledger.begin(self.sessions, self.keys, ledger.OPERATOR, datetime.now(UTC)) as work:
            agencies.suspend(work, agency_id=agency)

    def let_in(self, agency: str) -> None:
        with ledger.begin(self.sessions, self.keys, ledger.OPERATOR, datetime.now(UTC)) as work:
            agencies.resume(work, agency_id=agency)

    def assigned_later(self) -> str:
        """A case that the area's adviser is given after another service took it on."""
        self.stop(NEWCOMER)
        ref = self.client(LANDLORD).refer(example("c1")).reference
        self.let_in(NEWCOMER)
        self.client(LANDLORD).record_position(ref, position("GIVEN"))
        return ref


@pytest.fixture
def partnership(any_place: Place) -> Iterator[Partnership]:
    engine = make_engine(any_place.settings.database_url)
    held = keys.load(any_place.settings.keys)
    made = Partnership(any_place, make_sessions(engine), held)
    yield made
    for sender in made.senders:
        sender.close()
    engine.dispose()


def test_F34_the_agent_of_a_holder_answers_what_is_asked(
    partnership: Partnership, capsys: pytest.CaptureFixture[str]
) -> None:
    ref = partnership.assigned_later()
    assert partnership.client(NEWCOMER).pull(ref).sealed == {}
    assert partnership.run("agent", HOLDER, "--once") == OK
    said = capsys.readouterr().out
    assert f"{ref}  safe_contact  for {NEWCOMER}  sealed\n" in said
    assert "07700" not in said
    assert partnership.client(NEWCOMER).pull(ref).reveal() == {"safe_contact": CONTACT}
    assert partnership.run("agent", HOLDER, "--once") == OK
    assert capsys.readouterr().out == "0 of 0 copies were sealed.\n"
    assert ledger.verify(partnership.sessions, partnership.keys, deep=True)


def test_a_request_that_ceases_to_be_allowed_in_between_is_answered_in_vain(
    partnership: Partnership,
) -> None:
    ref = partnership.assigned_later()
    holder = partnership.client(HOLDER)
    (asked,) = [each for each in holder.seal_requests()["requests"] if each["reference"] == ref]
    item = holder.pull(ref).document["sealed"][0]
    taken_back = position("GIVEN", conditions=[{"text": "Not them.", "excludes_agency": NEWCOMER}])
    partnership.client(LANDLORD).record_position(ref, taken_back)
    with pytest.raises(ProblemError) as problem:
        holder.hand_in(ref, item, NEWCOMER, asked["key"])
    assert (problem.value.status, problem.value.code) == (404, "not_found")
    assert [each for each in answer_once(holder) if each.reference == ref] == []
    with pytest.raises(ProblemError):
        partnership.client(NEWCOMER).pull(ref)


def test_the_agent_keeps_looking_until_it_is_stopped(partnership: Partnership) -> None:
    """As an agency runs it: a program of its own, found by nothing but its configuration."""
    ref = partnership.assigned_later()
    settings = str(partnership.settings(HOLDER))
    command = [sys.executable, "-m", "gateway.client.commands", "agent", "--every", "0.2"]
    program = subprocess.Popen(
        [*command, "--config", settings],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None
    try:
        first = program.stdout.readline()
        assert f"{ref}  safe_contact  for {NEWCOMER}  sealed" in first
        second = partnership.assigned_later()
        while second not in (said := program.stdout.readline()):
            assert said
    finally:
        program.terminate()
        program.wait(20)
        program.stdout.close()
    for each in (ref, second):
        assert partnership.client(NEWCOMER).pull(each).reveal() == {"safe_contact": CONTACT}


def test_the_keys_of_all_partners_can_be_followed_by_command(
    partnership: Partnership, capsys: pytest.CaptureFixture[str]
) -> None:
    assert partnership.run("partners", GP) == OK
    said = capsys.readouterr()
    assert f"agency-key.added  {NEWCOMER}" in said.out
    assert said.err == ""
    partnership.stop("tidewell-housing")
    assert partnership.run("partners", GP) == OK
    said = capsys.readouterr()
    assert "agency.suspended  tidewell-housing  all its keys" in said.out
    assert "Changes since the last time: 1;" in said.out
    partnership.let_in("tidewell-housing")


def test_an_agency_is_told_of_a_key_in_its_name_that_it_does_not_have(
    partnership: Partnership, capsys: pytest.CaptureFixture[str]
) -> None:
    """Operators who let in a key for somebody else cannot hide it from that somebody."""
    stored = json.loads((partnership.place.agencies / "marlbury-asc/public.jwks.json").read_text())
    strange = jose.public_part(jose.new_private("enc"))
    registrars = Registrars(partnership.sessions, partnership.keys)
    both: dict[str, Any] = {"keys": [*stored["keys"], strange]}
    registrars.rekey(now=datetime.now(UTC), agency_id="marlbury-asc", jwks=both, overlap=0)
    for _ in range(50):  # what is not in the log yet is not shown, which takes half a second
        assert partnership.run("partners", "marlbury-asc") == OK
        said = capsys.readouterr()
        if said.err:
            break
        time.sleep(0.2)
    assert strange["kid"] in said.err
    assert "ring the gateway's operators" in said.err


def test_private_notes_are_kept_and_read_by_command(
    partnership: Partnership, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ref = partnership.client(LANDLORD).refer(example("c1")).reference
    written, out = tmp_path / "note.txt", tmp_path / "notes.json"
    written.write_text("Ring her sister, not her.", encoding="utf-8")
    assert partnership.run("note", NEWCOMER, ref, str(written), "--kind", "CASEWORK") == OK
    said = capsys.readouterr().out
    assert said.startswith("Kept, sealed to your own key: ")
    assert "sister" not in said
    assert partnership.run("notes", NEWCOMER, ref, "--out", str(out)) == OK
    assert "sister" not in capsys.readouterr().out
    (note,) = json.loads(out.read_text())
    assert (note["kind"], note["text"]) == ("CASEWORK", "Ring her sister, not her.")
    assert out.stat().st_mode & 0o777 == 0o600
    assert partnership.run("notes", LANDLORD, ref) == OK
    assert json.loads(capsys.readouterr().out) == []
    assert partnership.run("notes", GP, ref) == REFUSED
    assert partnership.run("note", NEWCOMER, ref, str(tmp_path / "none")) == WRONG_FORM


def test_a_gateway_that_is_away_is_said_so(
    partnership: Partnership, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = partnership.settings(HOLDER)
    text = settings.read_text().replace(partnership.place.settings.base_url, "http://127.0.0.1:9")
    away = settings.with_name("away.toml")
    away.write_text(text)
    assert main(["agent", "--once", "--config", str(away)]) == AWAY
    assert "Run the same command again later." in capsys.readouterr().err


def test_custody_stands_in_directory_and_history(partnership: Partnership) -> None:
    clinic = "marlbury-clinic"
    Registrars(partnership.sessions, partnership.keys).register(
        now=datetime.now(UTC),
        agency_id=clinic,
        name="A clinic without software",
        kind=AgencyKind.PRIMARY_CARE,
        area="MARLBURY",
        custody=Custody.HOSTED,
        jwks=None,
    )
    client = partnership.client(LANDLORD)
    (row,) = [each for each in client.directory()["agencies"] if each["agency"] == clinic]
    assert row["custody"] == "HOSTED"
    client.partners.follow()
    known = json.loads((partnership.place.agencies / LANDLORD / KEPT).read_text())
    assert {key["custody"] for key in known["keys"][row["agency"]].values()} == {"HOSTED"}
