"""Typing in a referral: the same form, the same way in, for whoever told it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gateway import ledger
from gateway.desk.entering import pages
from gateway.desk.entering.drafts import nodes_of
from gateway.desk.entering.questions import Asking, Group, Node
from gateway.errors import Conflict, NotFound
from gateway.flows import referrals
from gateway.flows.referrals import drafts as flow
from gateway.rules.facts import Caller
from gateway.schemas.codes import AgencyKind, PersonRole
from gateway.schemas.typed import to_document
from gateway.sealing import jose
from gateway.store import drafts
from gateway.store import tables as t
from tests.desk.conftest import COORDINATOR, IDVA, LANDLORD, POLICE, Desk, a_desk, add_people
from tests.desk.test_desk import enter
from tests.desk.typing import page_of, protected_of, seen_of, type_in, typed_of
from tests.journeys.walled import HIMSELF, add_worker
from tests.journeys.world import World, example

ZONE = ZoneInfo("Europe/London")
_UNCITED = [("ref", "h1"), ("ref", "h2")]


def a_caller(worker: str = "marac-01") -> Caller:
    return Caller(COORDINATOR, AgencyKind.COORDINATOR, "MARLBURY", worker_id=worker)


@contextmanager
def at_work(world: World, worker: str = "marac-01") -> Iterator[ledger.Work]:
    """A Work of somebody who coordinates."""
    profiles = world.app.extensions["gateway"].profiles
    begun = (world.sessions, world.keys, a_caller(worker), world.now)
    with ledger.begin(*begun, profiles=profiles) as work:
        yield work


@pytest.fixture(scope="module")
def desks(shared_world: World) -> dict[str, Desk]:
    add_people(shared_world)
    return {who: a_desk(shared_world, who) for who in ("coordinator", "landlord", "idva", "police")}


def send(desk: Desk, draft: str, form: dict[str, Any]) -> str:
    """Send what was typed; the reference."""
    typed = {**protected_of(form), **seen_of(desk, draft), "do": "send"}
    answer = desk.post(f"{draft}/send", typed)
    assert answer.status_code == 303, answer.text
    text = desk.get(f"{draft}/sent").text
    return text.split("Its number is<br><strong>")[1].split("<")[0]


def receipt_of(world: World, draft: str) -> dict[str, Any]:
    (row,) = world.rows(t.answer, key=draft.rsplit("/", 1)[-1])
    claims: dict[str, Any] = json.loads(jose.read_signed(row["body"].decode()).payload)
    return claims


def test_F15_what_is_typed_for_an_agency_is_its_own_referral_and_says_who_typed(
    shared_world: World, desks: dict[str, Desk]
) -> None:
    world, form = shared_world, example("c1")
    sent = world.client(LANDLORD).refer(example("c1"))
    draft = type_in(desks["coordinator"], LANDLORD, typed_of(form["document"]))
    reference = send(desks["coordinator"], draft, form)
    (row,) = world.rows(t.referral, reference=reference.replace("-", "")[:10])
    assert (row["agency_id"], row["worker_id"]) == (LANDLORD, None)
    assert (row["entered_agency_id"], row["entered_worker_id"]) == (COORDINATOR, "marac-01")
    claims = receipt_of(world, draft)
    assert (claims["referred_by"], claims["entered_by"]) == (LANDLORD, COORDINATOR)
    for name in ("level", "criteria", "decision", "state", "duties", "routed", "assessments"):
        assert claims[name] == sent.claims[name], name
    members = {
        (each["agency_id"], each["role"])
        for each in world.rows(t.assignment, case_id=world.case_of(reference))
    }
    assert members == {
        (each["agency_id"], each["role"])
        for each in world.rows(t.assignment, case_id=world.case_of(sent.reference))
    }
    own = world.client(LANDLORD).referral(reference)
    assert own["entered_by"] == COORDINATOR
    assert own["document"]["victim"]["family_name"] == form["document"]["victim"]["family_name"]


@pytest.mark.parametrize("name", ["c1", "c2", "c3", "c4", "c5"])
def test_F15_whatever_the_form_takes_can_be_typed(name: str) -> None:
    document = example(name)["document"]
    made = to_document(pages.REFERRAL, typed_of(document), ZONE)
    document.pop("summaries", None)
    document["referral"].pop("attachments", None)
    document["victim"].pop("contact")
    assert _full(made) == _full(document)


def _full(value: Any) -> Any:
    """A document without empty lists, which say nothing, and without names that nobody cites."""
    if isinstance(value, dict):
        found = {n: _full(each) for n, each in value.items()}
        return {n: v for n, v in found.items() if v not in ([], {}) and (n, v) not in _UNCITED}
    return [_full(each) for each in value] if isinstance(value, list) else value


def every_name(nodes: Sequence[Node]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, Group):
            yield node.at
            yield from every_name(node.inner)
        else:
            yield node.name


def test_F13_a_page_asks_every_field_of_the_form() -> None:
    asked_names = {
        name
        for page in pages.PAGES
        for _, nodes in nodes_of(page.name, Asking({}, {}))
        for name in every_name(nodes)
    }
    top = {name.split("/")[1] for name in asked_names}
    assert set(pages.REFERRAL.fields) - top == {"summaries", "risk_assessments"} - top
    victim = {name.split("/")[2] for name in asked_names if name.startswith("/victim/")}
    assert set(pages.REFERRAL.fields["victim"].form.fields) - victim == {"contact"}


def test_F15_a_partner_without_software_types_its_own(
    shared_world: World, desks: dict[str, Desk]
) -> None:
    world, form = shared_world, example("c1")
    draft = type_in(desks["landlord"], LANDLORD, typed_of(form["document"]))
    reference = send(desks["landlord"], draft, form)
    (row,) = world.rows(t.referral, case_id=world.case_of(reference))
    assert (row["agency_id"], row["worker_id"]) == (LANDLORD, "homes-01")
    assert row["entered_agency_id"] is None
    assert "entered_by" not in receipt_of(world, draft)


def test_V01_nobody_types_for_somebody_elses_agency(desks: dict[str, Desk]) -> None:
    desks["landlord"].get("/desk/drafts")
    assert desks["landlord"].post("/desk/drafts", {"agency": POLICE}).status_code == 404
    assert desks["landlord"].post("/desk/drafts", {"agency": ""}).status_code == 404
    for agency in ("fenhollow-idva", COORDINATOR, "nobody", ""):
        answer = desks["coordinator"].post("/desk/drafts", {"agency": agency})
        assert answer.status_code == 422
        assert "Choose whose referral it is." in answer.text
    assert desks["idva"].get("/desk/drafts").status_code == 404


def begin(desk: Desk, agency: str) -> str:
    desk.get("/desk/drafts")
    return desk.post("/desk/drafts", {"agency": agency}).headers["Location"].rsplit("/", 1)[0]


def save(desk: Desk, draft: str, page: str, seen: int, do: str = "save", **typed: str) -> Any:
    fields = {f"/victim/{name}": text for name, text in typed.items()}
    return desk.post(f"{draft}/{page}", {**fields, "seen": str(seen), "do": do})


def test_V04_a_draft_is_its_writers_agencys_alone(desks: dict[str, Desk]) -> None:
    draft = begin(desks["coordinator"], LANDLORD)
    assert desks["landlord"].get(f"{draft}/her").status_code == 404  # not even whose it will be
    assert save(desks["landlord"], draft, "her", 0).status_code == 404
    assert desks["landlord"].get(f"{draft}/send").status_code == 404
    assert desks["landlord"].post(f"{draft}/send", {}).status_code == 404
    assert desks["landlord"].post(f"{draft}/drop", {}).status_code == 404
    assert desks["landlord"].get(f"{draft}/sent").status_code == 404
    assert desks["coordinator"].get(f"{draft}/her").status_code == 200


def test_the_second_of_two_editors_is_told_and_loses_nothing(desks: dict[str, Desk]) -> None:
    desk = desks["coordinator"]
    draft = begin(desk, LANDLORD)
    assert save(desk, draft, "her", 0, given_names="Ana").status_code == 200
    assert save(desk, draft, "wishes", 0).status_code == 200  # another page is no conflict
    second = save(desk, draft, "her", 0, given_names="Anya", family_name="Kovač")
    assert second.status_code == 409
    assert "saved this page after you opened it" in second.text
    assert 'value="Anya"' in second.text
    assert "<bdi>Ana</bdi>" in second.text
    assert 'name="seen" value="1"' in second.text
    again = save(desk, draft, "her", 1, given_names="Anya", family_name="Kovač")
    assert again.status_code == 200
    assert 'value="Kovač"' in desk.get(f"{draft}/her").text


def test_a_draft_lies_sealed_and_is_destroyed_when_it_is_over(
    shared_world: World, desks: dict[str, Desk]
) -> None:
    desk, world = desks["coordinator"], shared_world
    draft = begin(desk, LANDLORD)
    save(desk, draft, "her", 0, given_names="Zephyrine-Canary")
    (row,) = world.rows(t.draft, id=draft.rsplit("/", 1)[-1])
    assert b"Zephyrine" not in row["content"] + row["wrapped"]
    assert "Destroyed if not sent by" in desk.get("/desk/drafts").text
    over = row["expires_at"]
    assert over == datetime(2026, 11, 26, 17, tzinfo=UTC)  # three working days
    begun = (world.sessions, world.keys)
    with pytest.raises(NotFound), ledger.begin(*begun, a_caller(), over) as work:
        referrals.read_draft(work, row["id"])
    with ledger.begin(*begun, ledger.NOTIFIER, over) as work:
        work.count("notice.look")
        with work.timing():
            assert drafts.remove_expired(work.session, now=work.now) >= 1
    assert world.rows(t.draft, id=row["id"]) == []


def test_sending_twice_is_one_referral(shared_world: World, desks: dict[str, Desk]) -> None:
    desk, form = desks["coordinator"], example("c1")
    draft = type_in(desk, LANDLORD, typed_of(form["document"]))
    before = len(shared_world.rows(t.referral))
    typed = {**protected_of(form), **seen_of(desk, draft), "do": "send"}
    first, second = (desk.post(f"{draft}/send", typed) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"] == f"{draft}/sent"
    assert len(shared_world.rows(t.referral)) == before + 1
    assert shared_world.rows(t.draft, id=draft.rsplit("/", 1)[-1]) == []
    assert desk.get(f"{draft}/her").status_code == 404


def test_what_is_missing_stands_beside_its_field_and_nothing_is_lost(
    desks: dict[str, Desk],
) -> None:
    desk = desks["coordinator"]
    draft = begin(desk, LANDLORD)
    saved = save(desk, draft, "her", 0, "next", **{"dob/value": "31 2 1990"}, given_names="Ana")
    assert saved.status_code == 422
    assert '<a href="#victim-dob-value">Date of birth: Write it as day, month' in saved.text
    assert 'aria-describedby="victim-dob-value-hint victim-dob-value-error"' in saved.text
    assert 'value="31 2 1990"' in saved.text
    assert 'value="Ana"' in saved.text
    assert "Answer this." not in saved.text  # what is only missing waits until it is asked for
    strict = desk.get(f"{draft}/her?check=1")
    assert "Family name: Answer this." in strict.text
    typed = {"do": "send", "/sealed/safe_contact/notes": "by day", **seen_of(desk, draft)}
    sent = desk.post(f"{draft}/send", typed)
    assert sent.status_code == 422
    assert "It was not sent" in sent.text
    assert "by day" in sent.text
    rest = desk.post(f"{draft}/her", {"seen": "1", "do": "save", "rest": "UNKNOWN"})
    assert rest.status_code == 200
    assert '<option value="UNKNOWN" selected>' in rest.text


def test_promise_09_what_is_sealed_is_in_no_draft_and_in_no_row(
    shared_world: World, desks: dict[str, Desk]
) -> None:
    world, form = shared_world, example("c3")
    desk = desks["coordinator"]
    draft = type_in(desk, LANDLORD, typed_of(form["document"]))
    more = desk.post(f"{draft}/send", {**protected_of(form), "do": "add:/sealed/x"})
    assert more.status_code == 200
    (row,) = world.rows(t.draft, id=draft.rsplit("/", 1)[-1])
    with ledger.begin(world.sessions, world.keys, a_caller(), world.now) as work:
        opened = referrals.read_draft(work, row["id"])
        assert not [name for name in opened.typed if name.startswith("/sealed")]
    reference = send(desk, draft, form)
    case_id = world.case_of(reference)
    sealed = [r for r in world.rows(t.section, case_id=case_id) if r["part"] == "SEALED"]
    assert {(r["name"], r["audience"]) for r in sealed} == {
        (name, agency) for name in form["sealed"] for agency in (IDVA, POLICE)
    }
    pulled = world.client(IDVA).pull(reference, "P2")
    assert form["sealed"]["safe_contact"]["channels"][0]["value"] in str(pulled.reveal())


def test_V09_scripts_and_right_to_left_names_stay_text(
    shared_world: World, desks: dict[str, Desk]
) -> None:
    desk = desks["coordinator"]
    draft = begin(desk, LANDLORD)
    name = "<script>document.title='ran'</script>"
    long, arabic = "Ó" * 100, "فاطمة الزهراء"
    page = save(desk, draft, "her", 0, given_names=name, family_name=arabic, aliases=long)
    assert "<script>document" not in page.text
    assert "&lt;script&gt;" in page.text
    assert f'value="{arabic}" dir="auto"' in page.text
    assert long in page.text


def test_V04_ones_own_drafts_are_counted_on_the_first_page_with_their_end(world: World) -> None:
    add_worker(world, COORDINATOR, "marac-02")
    desk = a_desk(world, "coordinator")
    colleague = enter(world, COORDINATOR, "marac-02", PersonRole.COORDINATOR)
    assert "Type in a referral</a>" in desk.get("/desk").text
    for _ in range(2):
        begin(desk, LANDLORD)
    begin(colleague, LANDLORD)
    assert '<a class="govuk-link" href="/desk/drafts">2 referrals of yours</a>' in (
        page := desk.get("/desk").text
    )
    assert "The first is destroyed if not sent by Thu 26 Nov" in page
    assert "over soon" not in page
    assert "1 referral of yours" in colleague.get("/desk").text
    world.later(days=2, hours=8)  # the third working day
    again = a_desk(world, "coordinator")
    assert "2 over soon</strong>" in again.get("/desk").text
    assert "Begun, and not sent" not in a_desk(world, "idva").get("/desk").text


def test_who_is_close_to_somebody_in_a_draft_finds_none(
    shared_world: World, desks: dict[str, Desk]
) -> None:
    desk = desks["coordinator"]
    add_worker(shared_world, COORDINATOR, "marac-03")
    tied = enter(shared_world, COORDINATOR, "marac-03", PersonRole.COORDINATOR)
    draft = begin(desk, LANDLORD)
    typed = typed_of(example("c2")["document"])
    harm = {n: texts for n, texts in typed.items() if n.startswith("/perpetrators")}
    assert tied.get(f"{draft}/harm").status_code == 200
    desk.get(f"{draft}/harm")
    assert desk.post(f"{draft}/harm", {**harm, "seen": "0", "do": "save"}).status_code == 200
    shared_world.client(COORDINATOR, "marac-03").walls.declare(HIMSELF)
    tied.get("/desk/account")
    mine = begin(tied, LANDLORD)
    assert tied.get(f"{mine}/harm").status_code == 200
    assert "1 referral of yours" in tied.get("/desk").text
    assert tied.post(f"{mine}/harm", {**harm, "seen": "0", "do": "save"}).status_code == 404
    assert draft not in tied.get("/desk/drafts").text
    for path in ("harm", "send", "files"):
        assert tied.get(f"{draft}/{path}").status_code == 404
    assert tied.post(f"{draft}/drop").status_code == 404
    assert tied.post(f"{draft}/harm", {"seen": "1", "do": "save"}).status_code == 404
    assert desk.get(f"{draft}/harm").status_code == 200


def test_V04_who_is_close_to_somebody_does_not_read_what_became_of_a_draft(
    shared_world: World, desks: dict[str, Desk]
) -> None:
    world, desk, form = shared_world, desks["coordinator"], example("c2")
    for worker in ("marac-04", "marac-07"):
        add_worker(world, COORDINATOR, worker)
    tied = enter(world, COORDINATOR, "marac-04", PersonRole.COORDINATOR)
    sender = enter(world, COORDINATOR, "marac-07", PersonRole.COORDINATOR)
    world.client(COORDINATOR, "marac-04").walls.declare(HIMSELF)
    draft = begin(tied, LANDLORD)  # it knows the address before anybody is named
    draft_id = draft.rsplit("/", 1)[-1]
    typed = typed_of(form["document"])
    for each in pages.PAGES:
        fields = {**page_of(each.name, typed), "seen": "0", "source": "VICTIM", "do": "save"}
        desk.get(f"{draft}/{each.name}")
        assert desk.post(f"{draft}/{each.name}", fields).status_code == 200
    reference = send(sender, draft, form)
    absent = tied.get(f"{draft[:-4]}0000/sent")
    shown = tied.get(f"{draft}/sent")
    assert (shown.status_code, shown.text) == (absent.status_code, absent.text)
    assert shown.status_code == 404
    assert tied.post(f"{draft}/send", {"do": "send"}).status_code == 404
    with pytest.raises(NotFound), at_work(world, "marac-04") as work:
        referrals.send_draft(work, draft_id, {}, {}, seen=1, audience="")
    assert desk.get(f"{draft}/sent").status_code == 404  # by the tie its agency is shut out
    assert reference in sender.get(f"{draft}/sent").text  # what it typed, and no more
    world.client(COORDINATOR, "marac-07").walls.declare(HIMSELF)
    assert sender.get(f"{draft}/sent").status_code == 404
    lines = world.log(case=world.case_of(reference))
    assert [
        (each["worker"], each["outcome"], each["because"])
        for each in lines
        if each["event"] == "draft.sent.read" or each["worker"] == "marac-04"
    ] == [
        ("marac-07", "allowed", "own"),
        *[("marac-04", "denied", "conflict")] * 3,
        ("marac-01", "denied", "conflict-agency"),
        ("marac-07", "allowed", "own"),
        ("marac-07", "denied", "conflict"),
    ]
    (looked,) = world.log(event="draft.sent.read", worker="marac-04", case=None)
    assert looked["outcome"] == "absent"


def test_sending_what_somebody_changed_meanwhile_is_told_and_loses_nothing(
    shared_world: World, desks: dict[str, Desk]
) -> None:
    world, desk, form = shared_world, desks["coordinator"], example("c1")
    draft = type_in(desk, LANDLORD, typed_of(form["document"]))
    protected = protected_of(form)
    seen = seen_of(desk, draft)
    her = page_of("her", typed_of(form["document"]))
    her["/victim/family_name"] = ["Okonjo-Vale"]
    assert desk.post(f"{draft}/her", {**her, "seen": "1", "do": "save"}).status_code == 200
    before = len(world.rows(t.referral))
    looked = desk.post(f"{draft}/send", {**protected, **seen, "do": "add:/sealed/x"})
    assert f'name="seen" value="{seen["seen"][0]}"' in looked.text  # nobody was told yet
    told = desk.post(f"{draft}/send", {**protected, **seen, "do": "send"})
    assert told.status_code == 409
    assert "marac-01 saved something of it after you opened this page" in told.text
    typed = [text for texts in protected.values() for text in texts if text.startswith("0")]
    assert typed
    assert all(f'value="{text}"' in told.text for text in typed)
    assert len(world.rows(t.referral)) == before
    for wrong in ({}, {"seen": "x"}, {"seen": "99"}):
        assert desk.post(f"{draft}/send", {**protected, **wrong, "do": "send"}).status_code == 409
    reference = send(desk, draft, form)
    document = world.client(LANDLORD).referral(reference)["document"]
    assert document["victim"]["family_name"] == "Okonjo-Vale"


def test_what_is_saved_while_it_is_sent_is_not_destroyed(
    shared_world: World, desks: dict[str, Desk]
) -> None:
    world = shared_world
    draft_id = begin(desks["coordinator"], LANDLORD).rsplit("/", 1)[-1]
    with at_work(world) as work:
        read = referrals.read_draft(work, draft_id)
    with at_work(world) as work:
        referrals.save_page(work, draft_id, "her", {"/victim/given_names": ["Ana"]}, 0)
    with pytest.raises(Conflict) as caught, at_work(world) as work:
        referrals.send_draft(work, draft_id, {}, {}, seen=read.version, audience="")
    assert caught.value.code == "changed_meanwhile"
    with at_work(world) as work:
        kept = referrals.read_draft(work, draft_id)
    assert kept.typed == {"/victim/given_names": ["Ana"]}


def test_V04_too_many_drafts_are_counted_of_ones_own_that_one_sees(
    shared_world: World,
) -> None:
    world = shared_world
    for worker in ("marac-05", "marac-06"):
        add_worker(world, COORDINATOR, worker)
    world.client(COORDINATOR, "marac-05").walls.declare(HIMSELF)
    typed = typed_of(example("c2")["document"])
    harm = {n: texts for n, texts in typed.items() if n.startswith("/perpetrators")}

    def begin_for(worker: str) -> str:
        with at_work(world, worker) as work:
            return referrals.begin_draft(work, LANDLORD)

    begun = [begin_for("marac-05") for _ in range(flow.MOST_DRAFTS)]
    begin_for("marac-06")  # how much others have begun is nothing to it
    with pytest.raises(Conflict) as caught:
        begin_for("marac-05")
    assert caught.value.code == "too_many"
    with at_work(world, "marac-06") as work:
        referrals.save_page(work, begun[0], "harm", harm, 0)
    begin_for("marac-05")  # one that it does not see any more takes no place either
    with pytest.raises(Conflict):
        begin_for("marac-05")
    for draft_id in begun[1:]:  # the others of this module begin some, too
        with at_work(world, "marac-05") as work:
            referrals.drop_draft(work, draft_id)


def test_V01_another_receipt_is_no_page(shared_world: World, desks: dict[str, Desk]) -> None:
    reference = shared_world.client(LANDLORD).refer(example("c1")).reference
    before = {row["key"] for row in shared_world.rows(t.answer)}
    shared_world.client(COORDINATOR).decide(reference, {"decision": "ACCEPT"})
    (key,) = {row["key"] for row in shared_world.rows(t.answer)} - before
    assert desks["coordinator"].get(f"/desk/drafts/{key}/sent").status_code == 404
