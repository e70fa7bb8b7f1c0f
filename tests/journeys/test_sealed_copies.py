"""Who may read a sealed section later gets a copy from a holder's client, never from the gateway.

The story: the area's adviser was suspended when the referral came, so another service took it on
and the safe contact was sealed to that one. Then the first comes back and is given the case.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from werkzeug.test import TestResponse

from gateway.client import config
from gateway.client.agent import Answered, answer_once
from gateway.client.http import Response
from gateway.demo import world as demo
from gateway.disclosure import open_case_key, open_value, renew_case_key
from gateway.errors import Undecipherable
from gateway.flows import agencies
from gateway.sealing import envelopes, jose
from gateway.store import erasing
from gateway.store import tables as t
from tests.journeys.asking import JOSE, NOBODY, told
from tests.journeys.attacks import ABSENT, feed, refused
from tests.journeys.world import BASE, World, example, position

LANDLORD, HOLDER, NEWCOMER = "harbourgate-homes", "aster-women", "marlbury-idva"
COORDINATOR, POLICE, GP = "marlbury-marac", "marlbury-police", "marlbury-gp"
CONTACT = example("c1")["sealed"]["safe_contact"]
WRITE = "cases:write"


def stop(world: World, agency: str) -> None:
    with world.operator() as work:
        agencies.suspend(work, agency_id=agency)


def let_in(world: World, agency: str) -> None:
    with world.operator() as work:
        agencies.resume(work, agency_id=agency)


def taken_on_elsewhere(world: World) -> str:
    """A referral that another service took on, because the area's own was suspended."""
    stop(world, NEWCOMER)
    ref = world.client(LANDLORD).refer(example("c1")).reference
    let_in(world, NEWCOMER)
    return ref


def assigned_later(world: World) -> str:
    """The same, and then a new position gave the case to the area's own service too."""
    ref = taken_on_elsewhere(world)
    world.client(LANDLORD).record_position(ref, position("GIVEN"))
    return ref


def asked(world: World, agency: str, ref: str) -> list[dict[str, Any]]:
    found = world.client(agency).seal_requests()["requests"]
    return [each for each in found if each["reference"] == ref]


def events(world: World, ref: str) -> list[tuple[str, str, str]]:
    case_id = world.case_of(ref)
    return [
        (each["event"], each["agency"], each["because"])
        for each in world.log(case=case_id)
        if each["event"].startswith(("seal.", "section."))
    ]


def excluding(agency: str) -> dict[str, Any]:
    return position("GIVEN", conditions=[{"text": "Not them.", "excludes_agency": agency}])


@pytest.fixture(name="world")
def _world(shared_world: World) -> World:
    return shared_world


# --- from end to end --------------------------------------------------------------------------


def test_F34_an_adviser_who_is_assigned_later_gets_its_copy_from_a_holders_client(
    world: World,
) -> None:
    ref = taken_on_elsewhere(world)
    assert asked(world, HOLDER, ref) == []
    world.client(LANDLORD).record_position(ref, position("GIVEN"))
    newcomer = world.client(NEWCOMER)
    before = newcomer.pull(ref)
    assert (before.document["sealed"], before.sealed) == ([], {})
    shown = {each["section"]: each["level"] for each in before.document["sections"]}
    assert shown["safe_contact"] == "INDICATOR"  # it learns that there is one
    own = world.client(HOLDER).pull(ref)
    (request,) = asked(world, HOLDER, ref)
    assert (request["section"], request["agency"], request["kind"]) == (
        "safe_contact",
        NEWCOMER,
        "IDVA",
    )
    assert request["digest"] == own.document["sealed"][0]["digest"]
    assert (Answered(ref, "safe_contact", NEWCOMER)) in answer_once(world.client(HOLDER))
    pulled = newcomer.pull(ref)
    assert pulled.reveal() == own.reveal() == {"safe_contact": CONTACT}
    (item,) = pulled.document["sealed"]
    (theirs,) = own.document["sealed"]
    assert {**item, "recipients": 0} == {**theirs, "recipients": 0}  # the shape of version 1
    (copy,) = item["recipients"]
    assert (copy["agency"], copy["kid"]) == (NEWCOMER, kid_of(world, NEWCOMER))
    assert copy.keys() == theirs["recipients"][0].keys()
    assert "safe_contact" not in {each["section"] for each in pulled.document["sections"]}
    assert world.client(HOLDER).pull(ref).document["sealed"] == own.document["sealed"]
    assert asked(world, HOLDER, ref) == asked(world, NEWCOMER, ref) == []
    world.sequence()
    assert feed(world, NEWCOMER)[ref]["kind"] == "CHANGED"
    steps = list(dict.fromkeys(events(world, ref)))
    assert steps == [
        ("seal.requested", LANDLORD, "entitled"),
        ("seal.listed", HOLDER, "holder"),
        ("section.sealed", HOLDER, "asked"),
    ]


def kid_of(world: World, agency: str) -> str:
    stored = (world.folder / agency / config.ENCRYPTION).read_text("utf-8")
    return str(json.loads(stored)["kid"])


def test_the_gateway_could_not_have_done_it_itself(world: World) -> None:
    """With every key of the gateway, and every row of its database, each copy stays shut."""
    ref = assigned_later(world)
    answer_once(world.client(HOLDER))
    items = [world.client(each).pull(ref).document["sealed"][0] for each in (HOLDER, NEWCOMER)]
    for item in items:
        for agency in (HOLDER, NEWCOMER, "@gateway"):
            with pytest.raises(Undecipherable):
                envelopes.open_section(item, agency, world.keys.encryption.by_kid)
        copy = item["recipients"][0]["jwe"]
        for key in world.keys.encryption.by_kid.values():
            held = {item["recipients"][0]["kid"]: key}
            with pytest.raises(Undecipherable):
                jose.decrypt(copy, held, typ=envelopes.SECTION, cty="json")


def test_F40_the_signed_addition_is_kept_and_proves_who_made_it(world: World) -> None:
    ref = assigned_later(world)
    answer_once(world.client(HOLDER))
    case_id = world.case_of(ref)
    (row,) = world.rows(t.seal_request, case_id=case_id)
    assert (row["state"], row["by_agency"]) == ("ANSWERED", HOLDER)
    with world.operator() as work:
        work.count("test")
        place = f"{row['source_id']}/{NEWCOMER}"
        with work.keeping(case_id):
            key = open_case_key(work, case_id)
        signed = open_value(
            key, table="seal_request", column="document", row=place, cell=row["document"]
        ).decode()
    stored = json.loads((world.folder / HOLDER / config.SIGNING).read_text("utf-8"))
    public = jose.import_public(jose.public_part(stored), "sig")
    claims = json.loads(jose.verify(signed, {stored["kid"]: public}, envelopes.DOCUMENT).payload)
    assert (claims["iss"], claims["form"]) == (HOLDER, "section-copy/1")
    assert claims["document"]["agency"] == NEWCOMER
    assert claims["sealed"] == world.client(NEWCOMER).pull(ref).document["sealed"]


def test_F38_the_signed_addition_opens_under_a_new_key_of_the_case_too(world: World) -> None:
    ref = assigned_later(world)
    answer_once(world.client(HOLDER))
    case_id = world.case_of(ref)
    with world.operator() as work:
        work.record("case.rekeyed", case_id, because="test")
        with work.keeping(case_id):
            renew_case_key(work, case_id)
    (row,) = world.rows(t.seal_request, case_id=case_id)
    place = f"{row['source_id']}/{NEWCOMER}"
    signed = world.opened(case_id, "seal_request", place, row["document"])
    assert signed.count(b".") == 2
    assert world.client(NEWCOMER).pull(ref).reveal() == {"safe_contact": CONTACT}


def test_the_coordinator_sees_what_is_owed_and_to_whom(world: World) -> None:
    ref = assigned_later(world)
    triage = world.client(COORDINATOR).pull(ref, "P9").document["triage"]
    assert [(each["section"], each["agency"]) for each in triage["owed_copies"]] == [
        ("safe_contact", NEWCOMER)
    ]
    answer_once(world.client(HOLDER))
    triage = world.client(COORDINATOR).pull(ref, "P9").document["triage"]
    assert triage["owed_copies"] == []


# --- who is asked, and for how long -----------------------------------------------------------


@pytest.mark.parametrize("agency", [LANDLORD, NEWCOMER, COORDINATOR, POLICE, GP, "fenhollow-idva"])
def test_only_who_holds_a_copy_and_may_read_it_is_asked(world: World, agency: str) -> None:
    """The police were sealed a copy and have no part in the case; the others have no copy."""
    ref = assigned_later(world)
    copies = [
        row["audience"]
        for row in world.rows(t.section, case_id=world.case_of(ref))
        if row["part"] == "SEALED"
    ]
    assert {HOLDER, POLICE} == set(copies)
    assert asked(world, agency, ref) == []
    assert asked(world, HOLDER, ref)


def test_a_request_ends_with_the_right_to_read_and_comes_back_with_it(world: World) -> None:
    ref = assigned_later(world)
    assert asked(world, HOLDER, ref)
    landlord = world.client(LANDLORD)
    landlord.record_position(ref, excluding(NEWCOMER))
    assert asked(world, HOLDER, ref) == []
    assert refused(world.client(NEWCOMER).pull, ref) == ABSENT
    world.client(HOLDER).record_position(ref, position("GIVEN", conditions=[]))  # it may lift that
    (again,) = asked(world, HOLDER, ref)
    assert again["agency"] == NEWCOMER
    kept = [each for each in dict.fromkeys(events(world, ref)) if each[0] != "seal.listed"]
    assert kept == [
        ("seal.requested", LANDLORD, "entitled"),
        ("seal.closed", LANDLORD, "not-entitled"),
        ("seal.requested", HOLDER, "entitled"),
    ]


def test_who_is_excluded_itself_is_asked_for_nothing(world: World) -> None:
    ref = assigned_later(world)
    world.client(LANDLORD).record_position(ref, excluding(HOLDER))
    assert asked(world, HOLDER, ref) == []


def test_promise_06_a_queue_that_was_tampered_with_asks_for_nothing(world: World) -> None:
    """What is asked is decided from the facts each time; a row of the queue opens nothing."""
    ref = assigned_later(world)
    item = Desk(world, ref).sealed()
    world.client(LANDLORD).record_position(ref, excluding(NEWCOMER))
    world.execute(
        "UPDATE seal_request SET state = 'OPEN' WHERE case_id = :id", id=world.case_of(ref)
    )
    assert asked(world, HOLDER, ref) == []
    assert told(Desk(world, ref).hand_in([item]))[0] == 404


def test_promise_06_a_grant_that_was_put_back_makes_nobody_a_holder(world: World) -> None:
    ref = assigned_later(world)
    case_id = world.case_of(ref)
    held = world.rows(t.section_grant, case_id=case_id, agency_id=HOLDER)
    world.client(LANDLORD).record_position(ref, excluding(HOLDER))
    known = {row["section_id"] for row in world.rows(t.section_grant, agency_id=HOLDER)}
    lost = [dict(row) for row in held if row["section_id"] not in known]
    with world.engine.begin() as connection:
        connection.execute(t.section_grant.insert(), lost)
    world.execute("UPDATE seal_request SET state = 'OPEN' WHERE case_id = :id", id=case_id)
    assert asked(world, HOLDER, ref) == []


def test_for_a_suspended_agency_nobody_is_asked_until_it_is_back(world: World) -> None:
    ref = assigned_later(world)
    stop(world, NEWCOMER)
    assert asked(world, HOLDER, ref) == []
    let_in(world, NEWCOMER)
    assert asked(world, HOLDER, ref)


def test_a_new_version_replaces_the_copies_of_the_old_one(world: World) -> None:
    ref = assigned_later(world)
    answer_once(world.client(HOLDER))
    back = {"decision": "RETURN", "reasons": ["QUALITY_OTHER"], "quality_note": "Say more."}
    world.client(COORDINATOR).decide(ref, back)
    form = example("c1")
    form["sealed"]["safe_contact"]["channels"][0]["notes"] = "Only on Tuesdays."
    world.client(LANDLORD).resubmit(ref, form)
    pulled = world.client(NEWCOMER).pull(ref)
    assert len(pulled.document["sealed"]) == 1
    assert pulled.reveal() == {"safe_contact": form["sealed"]["safe_contact"]}
    standing = [
        row["audience"]
        for row in world.rows(t.section, case_id=world.case_of(ref))
        if row["part"] == "SEALED" and row["superseded_at"] is None
    ]
    assert sorted(standing) == sorted([NEWCOMER, POLICE])


# --- what is handed in ------------------------------------------------------------------------


@dataclass
class Desk:
    """A holder that builds what it hands in part by part."""

    world: World
    ref: str

    @property
    def own(self) -> dict[str, Any]:
        item: dict[str, Any] = self.world.client(HOLDER).pull(self.ref).document["sealed"][0]
        return item

    def key(self, agency: str) -> dict[str, Any]:
        listed = self.world.client(LANDLORD).directory()["agencies"]
        return next(dict(row["keys"][0]) for row in listed if row["agency"] == agency)

    def sealed(
        self, agency: str = NEWCOMER, jwk: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        stored = json.loads((self.world.folder / HOLDER / config.ENCRYPTION).read_text("utf-8"))
        held = {stored["kid"]: jose.import_private(stored, "enc")}
        return envelopes.reseal_section(self.own, HOLDER, held, agency, jwk or self.key(agency))

    def hand_in(
        self,
        items: list[Any],
        document: Mapping[str, Any] | None = None,
        *,
        by: str = HOLDER,
        ref: str = "",
        key: str | None = None,
    ) -> TestResponse:
        wire = self.world.wire(by)
        named = items[0]["recipients"][0] if items and document is None else {}
        document = document or {name: named.get(name, "x") for name in ("agency", "kid")}
        body = wire.envelope("section-copy/1", document, sealed=items)
        path = f"/v1/cases/{ref or self.ref}/sealed-copies"
        return wire.ask("POST", path, WRITE, body=body, media=JOSE, key=key)


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk(world, assigned_later(world))


def keeps_nothing(desk: Desk, send: Callable[[], TestResponse]) -> tuple[int, Any]:
    """Status and body of a refusal that changed nothing but the log."""
    before = desk.world.counts()
    answer = send()
    assert desk.world.counts() == before
    assert asked(desk.world, HOLDER, desk.ref)
    status, _, body = told(answer)
    return status, body


def test_what_was_asked_for_is_taken_once_and_a_retry_is_answered_the_same(desk: Desk) -> None:
    item, key = desk.sealed(), str(uuid.uuid4())
    first = desk.hand_in([item], key=key)
    assert first.status_code == 201
    receipt = json.loads(jose.b64u_decode(first.get_data(as_text=True).split(".")[1]))
    assert (receipt["section"], receipt["agency"]) == ("safe_contact", NEWCOMER)
    again = desk.hand_in([item], key=key)
    assert (again.status_code, again.data) == (201, first.data)
    assert told(desk.hand_in([desk.sealed()]))[0] == 404  # no longer asked for
    assert len(desk.world.client(NEWCOMER).pull(desk.ref).document["sealed"]) == 1


@pytest.mark.parametrize("by", [COORDINATOR, NEWCOMER, LANDLORD, GP, "tidewell-housing"])
def test_V1_nobody_hands_in_a_copy_but_who_was_asked(desk: Desk, by: str) -> None:
    item = desk.sealed()
    unknown = told(desk.hand_in([item], by=HOLDER, ref=NOBODY))
    assert unknown[0] == 404
    status, body = keeps_nothing(desk, lambda: desk.hand_in([item], by=by))
    assert (status, body) == (404, unknown[2])  # as if there were no such case


def test_a_copy_for_who_is_owed_none_looks_like_an_unknown_case(desk: Desk) -> None:
    for agency in (POLICE, COORDINATOR, HOLDER):
        item = desk.sealed(agency)
        assert keeps_nothing(desk, lambda item=item: desk.hand_in([item]))[0] == 404  # type: ignore[misc]
    item = {**desk.sealed(), "section": "protected_address"}  # of which the case has none
    assert keeps_nothing(desk, lambda: desk.hand_in([item]))[0] == 404


def test_what_ceased_to_be_allowed_meanwhile_is_refused_like_absence(desk: Desk) -> None:
    """Between the client's looking and its handing in, the victim says: not them."""
    item = desk.sealed()
    desk.world.client(LANDLORD).record_position(desk.ref, excluding(NEWCOMER))
    before = desk.world.counts()
    status, _, body = told(desk.hand_in([item]))
    assert (status, body) == (404, told(desk.hand_in([item], ref=NOBODY))[2])
    assert desk.world.counts() == before
    assert refused(desk.world.client(NEWCOMER).pull, desk.ref) == ABSENT
    denied = desk.world.log(event="section.seal", agency=HOLDER, outcome="denied")
    assert denied[-2]["because"] == "not-asked"


SPOILT: dict[str, tuple[Callable[[Desk], list[Any]], str, str]] = {
    "another text": (
        lambda d: [{**d.sealed(), "digest": "A" * 43}],
        "other_text",
        "/sealed/0/digest",
    ),
    "a key of the holder's own": (
        lambda d: [with_copy(d, jwk={**d.key(HOLDER)})],
        "not_sealed",
        "/sealed/0/recipients/0/kid",
    ),
    "a key of the gateway": (
        lambda d: [with_copy(d, jwk=dict(d.world.keys.encryption.public[0]))],
        "not_sealed",
        "/sealed/0/recipients/0/kid",
    ),
    "nobody's key": (
        lambda d: [with_copy(d, jwk=jose.public_part(jose.new_private("enc")))],
        "not_sealed",
        "/sealed/0/recipients/0/kid",
    ),
    "no section": (lambda d: [], "not_sealed", "/sealed"),
    "two sections": (
        lambda d: [d.sealed(), {**d.sealed(), "section": "protected_address"}],
        "not_sealed",
        "/sealed",
    ),
    "two copies": (
        lambda d: [
            {
                **d.sealed(),
                "recipients": [*d.sealed()["recipients"], *d.sealed(POLICE)["recipients"]],
            }
        ],
        "not_sealed",
        "/sealed",
    ),
    "plain text": (
        lambda d: [with_jwe(d, "07700 900123")],
        "bad_format",
        "/sealed/0/recipients/0/jwe",
    ),
    "an envelope for another key than it says": (
        lambda d: [with_jwe(d, d.sealed(POLICE)["recipients"][0]["jwe"])],
        "not_sealed",
        "/sealed/0/recipients/0/jwe",
    ),
    "an envelope of another kind": (
        lambda d: [with_jwe(d, d.world.wire(HOLDER).envelope("decision/1", {}).decode())],
        "not_sealed",
        "/sealed/0/recipients/0/jwe",
    ),
}


def with_copy(desk: Desk, jwk: Mapping[str, Any]) -> dict[str, Any]:
    return desk.sealed(NEWCOMER, jwk)


def with_jwe(desk: Desk, jwe: str) -> dict[str, Any]:
    item = desk.sealed()
    item["recipients"][0]["jwe"] = jwe
    return item


@pytest.mark.parametrize("name", SPOILT)
def test_V10_a_copy_that_is_not_what_was_asked_for_is_refused(desk: Desk, name: str) -> None:
    make, code, pointer = SPOILT[name]
    items = make(desk)
    document = {"agency": NEWCOMER, "kid": kid_of(desk.world, NEWCOMER)} if not items else None
    status, body = keeps_nothing(desk, lambda: desk.hand_in(items, document))
    assert status == 422
    assert (code, pointer) in {(each["code"], each["pointer"]) for each in body["errors"]}


@pytest.mark.parametrize("other", [{"agency": POLICE}, {"kid": "another"}])
def test_the_document_itself_says_for_whom_the_copy_is(desk: Desk, other: dict[str, str]) -> None:
    item = desk.sealed()
    document = {"agency": NEWCOMER, "kid": item["recipients"][0]["kid"], **other}
    status, body = keeps_nothing(desk, lambda: desk.hand_in([item], document))
    assert (status, body["errors"][0]["code"]) == (422, "not_sealed")


def test_a_copy_under_the_key_of_another_one_is_no_retry(desk: Desk) -> None:
    """The digest of the content leaves out who it is sealed to; the document does not."""
    key = str(uuid.uuid4())
    assert desk.hand_in([desk.sealed()], key=key).status_code == 201
    status, _, body = told(desk.hand_in([desk.sealed(POLICE)], key=key))
    assert (status, body["code"]) == (409, "idempotency_key_reused")


# --- the client that answers ------------------------------------------------------------------


def lying(world: World, change: Callable[[dict[str, Any]], None]) -> tuple[Any, list[str]]:
    """The holder's client, whose gateway tells something else in its requests."""
    posted: list[str] = []

    def send(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Response:
        path = url.removeprefix(BASE)
        if method == "POST":
            posted.append(path)
        answer = world.send(method, url, headers, body)
        if path != "/v1/seal-requests":
            return answer
        asked = json.loads(answer.body)
        for each in asked["requests"]:
            change(each)
        return Response(answer.status, answer.headers, json.dumps(asked).encode())

    client = demo.connect(HOLDER, send, base_url=BASE, folder=world.folder, clock=lambda: world.now)
    return client, posted


def own_key(each: dict[str, Any]) -> None:
    each["key"] = jose.public_part(jose.new_private("enc"))


def for_a_landlord(world: World) -> Callable[[dict[str, Any]], None]:
    jwk = Desk(world, "").key("tidewell-housing")

    def change(each: dict[str, Any]) -> None:
        each.update(agency="tidewell-housing", kind="LANDLORD", key=jwk)

    return change


def disguised(world: World) -> Callable[[dict[str, Any]], None]:
    """A landlord that the gateway calls an adviser."""
    as_landlord = for_a_landlord(world)

    def change(each: dict[str, Any]) -> None:
        as_landlord(each)
        each["kind"] = "IDVA"

    return change


def of_another_text(each: dict[str, Any]) -> None:
    each["digest"] = "A" * 43


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda _: own_key, "unproven_key"),
        (for_a_landlord, "not_a_reader"),
        (disguised, "unproven_key"),
        (lambda _: of_another_text, "undecipherable"),
    ],
    ids=["key of its own", "landlord", "landlord in disguise", "another text"],
)
def test_T05_a_holders_client_seals_to_nobody_on_a_gateways_word_alone(
    world: World, change: Callable[[World], Callable[[dict[str, Any]], None]], code: str
) -> None:
    ref = assigned_later(world)
    client, posted = lying(world, change(world))
    found = [each for each in answer_once(client) if each.reference == ref]
    assert [each.refused for each in found] == [code]
    assert not [path for path in posted if path.endswith("/sealed-copies")]
    assert answer_once(world.client(HOLDER))  # told the truth, it answers


def test_one_request_that_cannot_be_answered_does_not_hold_up_the_others(world: World) -> None:
    first, second = assigned_later(world), assigned_later(world)

    def spoil(each: dict[str, Any]) -> None:
        if each["reference"] == first:
            own_key(each)

    client, _ = lying(world, spoil)
    found = {each.reference: each.refused for each in answer_once(client)}
    assert (found[first], found[second]) == ("unproven_key", None)
    assert world.client(NEWCOMER).pull(second).reveal() == {"safe_contact": CONTACT}


# --- the end of a case ----------------------------------------------------------------------------


def test_V44_what_was_asked_and_answered_goes_with_the_case(world: World) -> None:
    refs = [assigned_later(world), assigned_later(world)]
    answer_once(world.client(HOLDER))
    refs.append(assigned_later(world))  # and one that stands open
    for ref in refs:
        case_id = world.case_of(ref)
        assert world.rows(t.seal_request, case_id=case_id)
        with world.operator() as work:
            work.count("test")
            with work.keeping(case_id):
                erasing.erase(work.session, case_id)
        assert world.rows(t.seal_request, case_id=case_id) == []


def test_V44_no_table_that_knows_of_a_case_is_forgotten() -> None:
    of_a_case = {table for table in t.metadata.sorted_tables if "case_id" in table.c}
    apart = {t.party, t.referral, t.link}  # by a statement of their own
    kept = {t.log_entry, t.log_pending, t.tombstone}  # accountability, and that there was a case
    assert of_a_case - apart - kept == set(erasing._OF_A_CASE)
