"""Breaking the glass over the wire: a fresh sign-in, a reason, one category, one hour, a review."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

import pytest
from werkzeug.test import TestResponse

from gateway.flows.cases import break_glass
from gateway.ledger import begin
from gateway.rules.facts import Caller
from gateway.schemas import reference as references
from gateway.schemas.codes import AgencyKind
from gateway.store import tables as t
from tests.journeys.test_conflict import NOBODYS, refused
from tests.journeys.test_races import Other
from tests.journeys.walled import HIMSELF, KAMAL, OFFICE, SOMEBODY, add_worker, chair, with_own_key
from tests.journeys.world import AUDITOR, BASE, CHAIR, World, example, graded

COLLEGE, COORDINATOR, GP = "marlbury-college", "marlbury-marac", "marlbury-gp"
LOOK = {
    "category": "D05",
    "purpose": "P6",
    "reason": "An officer of ours is on her way to his door.",
}
NOW = {"auth_time": 0, "amr": ["otp", "pwd"]}  # seconds before now


@pytest.fixture
def reference(world: World) -> str:
    """C2, on its way, with the surgery without a part in it."""
    return world.client(COLLEGE).refer(example("c2", **NOBODYS)).reference


class Worker:
    """A worker of an agency whose client says when and how it signed in."""

    def __init__(self, world: World, agency_id: str, worker: str | None) -> None:
        self.world, self.wire = world, world.wire(agency_id, worker)
        self.agency_id, self.worker = agency_id, worker

    def token(self, scope: str, signed_in: Mapping[str, Any] | None) -> str:
        stated: dict[str, Any] = {"worker": self.worker} if self.worker else {}
        if signed_in:
            at = int(self.world.now.timestamp()) - signed_in.get("auth_time", 0)
            stated |= {**signed_in, "auth_time": at}
        return self.wire.agency.token(scope, **stated)

    def ask(
        self,
        method: str,
        reference: str,
        form: str | None = None,
        document: Any = None,
        *,
        rest: str = "/glass",
        signed_in: Mapping[str, Any] | None = NOW,
    ) -> TestResponse:
        scope = "cases:read" if rest == "/glass" else "cases:write"
        place = (scope, self.world.now)
        self.wire._tokens[place] = self.token(scope, signed_in)
        body = self.wire.envelope(form, document) if form else b""
        media = "application/jose" if form else None
        return self.wire.ask(method, f"/v1/cases/{reference}{rest}", scope, body=body, media=media)

    def breaks(self, reference: str, **changes: Any) -> TestResponse:
        signed_in = changes.pop("signed_in", NOW)
        return self.ask(
            "POST", reference, "break-glass/1", {**LOOK, **changes}, signed_in=signed_in
        )

    def looks(self, reference: str, client: Any = None) -> Mapping[str, Any]:
        answer = self.ask("GET", reference, signed_in=None)
        assert answer.status_code == 200, answer.text
        opener = client or self.world.client(self.agency_id, self.worker)
        return dict(opener._exchange.open_sealed(answer.text))["document"]


def code(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, json.loads(answer.data)["code"]


def number(world: World, agency: str = GP, worker: str = "gp-01") -> int:
    """Of the one look of a worker."""
    (row,) = world.rows(t.glass, agency_id=agency, worker_id=worker)
    return int(row["seq"])


def review(world: World, reference: str, **document: Any) -> TestResponse:
    by = Worker(world, COORDINATOR, CHAIR)
    return by.ask("POST", reference, "glass-review/1", document, rest="/glass/reviews")


def test_F61_M20_one_category_for_an_hour_and_everybody_is_told(
    world: World, reference: str
) -> None:
    surgery = Worker(world, GP, "gp-01")
    assert refused(lambda: world.client(GP, "gp-01").pull(reference, "P6"))[0] == 404
    broken = surgery.breaks(reference)
    assert broken.status_code == 201, broken.text
    assert broken.json == {
        "number": number(world),
        "state": "OPEN",
        "until": "2026-11-23T11:00:00Z",
    }
    shown = surgery.looks(reference)
    assert {each["section"] for each in shown["sections"]} == {"perpetrators"}
    assert "Idris" in json.dumps(shown)
    assert "Safiya" not in json.dumps(shown)  # of the victim nothing, nor of anything else
    # Nothing else opened with it.
    assert refused(lambda: world.client(GP, "gp-01").pull(reference, "P6"))[0] == 404
    world.sequence()
    for told in (COLLEGE, COORDINATOR, AUDITOR):
        kinds = [each["kind"] for each in world.client(told).list_cases()["items"]]
        assert "GLASS" in kinds, told
    (row,) = world.rows(t.glass)
    assert row["due_at"].isoformat() == "2026-11-25T17:00:00+00:00"  # two working days
    assert b"officer" not in row["account"]
    assert row["method"] == "otp pwd"
    log = world.log(agency=GP)
    seen = [e["event"] for e in log if e["event"].startswith("glass") and e["outcome"] != "denied"]
    assert seen == ["glass.broken", "glass.read"]
    # The hour is over.
    world.later(minutes=59, seconds=59)
    assert surgery.looks(reference)["number"] == number(world)
    world.later(seconds=1)
    assert code(surgery.ask("GET", reference)) == (404, "not_found")


def test_F9_M20_a_stale_sign_in_opens_nothing(world: World, reference: str) -> None:
    surgery = Worker(world, GP, "gp-01")
    for signed_in in (None, {"auth_time": 301, "amr": ["otp"]}):
        answer = surgery.breaks(reference, signed_in=signed_in)
        assert code(answer) == (409, "step_up_needed")
    # A token of a fresh sign-in grows old by itself.
    token = surgery.token("cases:read", {"auth_time": 200, "amr": ["otp"]})
    world.later(seconds=101)
    surgery.wire._tokens["cases:read", world.now] = token
    body = surgery.wire.envelope("break-glass/1", LOOK)
    answer = surgery.wire.ask(
        "POST", f"/v1/cases/{reference}/glass", "cases:read", body=body, media="application/jose"
    )
    assert code(answer) == (409, "step_up_needed")
    assert world.rows(t.glass) == []


@pytest.mark.parametrize(
    "signed_in",
    [
        {"auth_time": -60, "amr": ["otp"]},  # ahead
        {"amr": []},
        {"amr": "otp"},
        {"amr": ["OTP<script>"]},
        {"amr": ["a" * 13]},
    ],
)
def test_a_sign_in_of_no_form_is_refused_as_a_whole(
    sqlite_world: World, signed_in: dict[str, Any]
) -> None:
    agency = sqlite_world.wire(GP, "gp-01").agency
    at = int(sqlite_world.now.timestamp()) - signed_in.pop("auth_time", 0)
    stated = {"worker": "gp-01", "auth_time": at, **signed_in}
    answer = agency.ask(agency.form("cases:read", client_assertion=agency.assertion(**stated)))
    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")


def test_M20_an_unreviewed_look_blocks_the_next_and_only_this_worker(
    world: World, reference: str
) -> None:
    add_worker(world, GP, "gp-02")
    first, second = Worker(world, GP, "gp-01"), Worker(world, GP, "gp-02")
    assert first.breaks(reference).status_code == 201
    assert code(first.breaks(reference, category="D08")) == (409, "glass_unreviewed")
    assert second.breaks(reference).status_code == 201
    triage = chair(world).pull(reference, "P9").document["triage"]["glass"]
    own = number(world)
    assert {(each["number"], each["state"]) for each in triage} == {
        (own, "TO_REVIEW"),
        (number(world, GP, "gp-02"), "TO_REVIEW"),
    }
    done = review(world, reference, number=own, finding="JUSTIFIED", note="She went there.")
    assert done.json == {"number": own, "outcome": "JUSTIFIED"}
    again = review(world, reference, number=own, finding="NOT_JUSTIFIED", note="Or not.")
    assert code(again) == (409, "conflict")
    assert first.breaks(reference, category="D08").status_code == 201


def test_M20_the_chair_alone_reviews(world: World, reference: str) -> None:
    assert Worker(world, GP, "gp-01").breaks(reference).status_code == 201
    document = {"number": number(world), "finding": "JUSTIFIED", "note": "Fine."}
    for agency_id, worker in ((COORDINATOR, "marac-01"), (COLLEGE, "college-01"), (GP, "gp-01")):
        by = Worker(world, agency_id, worker)
        answer = by.ask("POST", reference, "glass-review/1", document, rest="/glass/reviews")
        assert code(answer) == (404, "not_found")
    assert code(review(world, reference, number=9, finding="JUSTIFIED", note="None.")) == (
        422,
        "invalid",
    )


def test_T02_M20_who_is_tied_breaks_no_glass(world: World, reference: str) -> None:
    add_worker(world, OFFICE, KAMAL)
    world.client(OFFICE, KAMAL).walls.declare(HIMSELF)
    kamal = Worker(world, OFFICE, KAMAL)
    absent = kamal.breaks("ZZZZZ-ZZZZZ-V")
    tied = kamal.breaks(reference)
    assert code(tied) == code(absent) == (404, "not_found")
    bodies = [json.loads(each.data) for each in (absent, tied)]
    for body in bodies:
        body.pop("instance")
    assert bodies[0] == bodies[1]
    assert world.log(agency=OFFICE, outcome="denied")[-1]["because"] == "conflict"
    # Nor does anybody else of his office, which only a deputy may read for.
    colleague = Worker(world, OFFICE, "housing-01")
    assert code(colleague.breaks(reference)) == (404, "not_found")
    assert world.rows(t.glass) == []


def test_M20_only_cases_of_high_risk(world: World) -> None:
    ref = world.client(COLLEGE).refer(graded(3)).reference
    assert code(Worker(world, GP, "gp-01").breaks(ref)) == (404, "not_found")
    assert world.log(agency=GP, outcome="denied")[-1]["because"] == "not-high"


def test_M20_an_auditor_looks_at_a_sample_once_the_chair_approved_it(world: World) -> None:
    ref = world.client(COLLEGE).refer(example("c2", **NOBODYS)).reference
    add_worker(world, AUDITOR, "dpo-01")
    dpo = Worker(world, AUDITOR, "dpo-01")
    asked = dpo.breaks(ref, category="D07", purpose="P10")
    own = number(world, AUDITOR, "dpo-01")
    assert asked.json == {"number": own, "state": "ASKED", "until": None}
    assert code(dpo.ask("GET", ref)) == (404, "not_found")
    answer = review(world, ref, number=own, approve=True, note="One of the quarter's twenty.")
    assert answer.status_code == 201, answer.text
    assert dpo.looks(ref)["category"] == "D07"
    world.later(hours=1)
    assert code(dpo.ask("GET", ref)) == (404, "not_found")


def test_V17_the_reason_travels_in_the_sealed_body_alone(world: World, reference: str) -> None:
    Worker(world, GP, "gp-01").breaks(reference)
    assert not any("officer" in path for _, path in world.asked)


def test_M20_a_category_sealed_to_its_readers_stays_shut(world: World, reference: str) -> None:
    surgery = Worker(world, GP, "gp-01")
    assert code(surgery.breaks(reference, category="D04")) == (404, "not_found")
    assert world.log(agency=GP, outcome="denied")[-1]["because"] == "nothing-behind-it"


def test_M20_unattended_nobody_breaks_anything(world: World, reference: str) -> None:
    machine = Worker(world, GP, None)
    assert code(machine.breaks(reference, signed_in=None)) == (404, "not_found")


def test_M20_named_deputies_break_glass_with_their_own_key(world: World, reference: str) -> None:
    """Where the office is tied only its deputy is let through; what it sees is for its key."""
    add_worker(world, OFFICE, KAMAL)
    add_worker(world, OFFICE, "options-08")
    world.client(OFFICE, KAMAL).walls.declare(HIMSELF)
    world.client(OFFICE, "options-08").walls.declare(SOMEBODY)
    deputy = with_own_key(world, OFFICE, "options-08", "housing-01")
    by_hand = world.client(COORDINATOR, "marac-01").walls
    by_hand.settle(reference, "DEPUTY", OFFICE, "options-08", reason="The lead.")
    looking = Worker(world, OFFICE, "options-08")
    assert looking.breaks(reference, category="D07", purpose="P7").status_code == 201
    shown = looking.looks(reference, deputy)
    assert {each["section"] for each in shown["sections"]} == {"incidents"}


def test_M20_of_looks_that_are_asked_for_at_once_one_is_opened(
    world: World, reference: str
) -> None:
    """Else whoever asks for many cases at the same moment sees them all before any review."""
    other = world.client(COLLEGE).refer(example("c2", **NOBODYS)).reference
    surgery = Worker(world, GP, "gp-01")
    stored, body = references.read(reference), surgery.wire.envelope("break-glass/1", LOOK)
    assert stored
    caller = Caller(
        GP,
        AgencyKind.PRIMARY_CARE,
        "MARLBURY",
        worker_id="gp-01",
        authenticated_at=world.now,
        method="otp",
    )
    profiles = world.app.extensions["gateway"].profiles
    with begin(world.sessions, world.keys, caller, world.now, profiles=profiles) as work:
        break_glass(work, stored, body.decode(), audience=BASE, key=str(uuid.uuid4()))
        second = Other(lambda: surgery.breaks(other))
        assert second.waits()
    assert code(second.end().answer) == (409, "glass_unreviewed")
    assert len(world.rows(t.glass)) == 1
