"""The conflict wall over the wire: who is tied to somebody in a case finds nothing, anywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gateway.client import own_key
from gateway.client.access import ProblemError
from gateway.client.gateway import Gateway
from gateway.errors import Undecipherable
from gateway.store import tables as t
from tests.journeys.walled import (
    ADMIN,
    COORDINATOR,
    DEPUTY,
    HIMSELF,
    KAMAL,
    OFFICE,
    SOMEBODY,
    add_worker,
    chair,
    client_with_key,
    with_own_key,
)
from tests.journeys.world import CHAIR, World, example, lines

OVER_HTTP = True
COLLEGE, BY_AND_FOR, POLICE, LANDLORD = (
    "marlbury-college",
    "aster-women",
    "marlbury-police",
    "harbourgate-homes",
)
NOBODYS = {
    "conflict_check": {"answer": "NO"},
    "must_not_receive": None,
    "perpetrators__1__employer": None,
}
"""The referrer does not say, and may not know, that somebody works for a partner."""


def refused(call: Callable[[], Any]) -> tuple[int, str]:
    with pytest.raises(ProblemError) as problem:
        call()
    return problem.value.status, problem.value.code


def calls(who: Gateway, reference: str) -> tuple[Callable[[], Any], ...]:
    """Everything that a client can ask about one case."""
    return (
        lambda: who.pull(reference, "P7"),
        lambda: who.access(reference),
        lambda: who.explain(reference, who.agency_id, "P7"),
        lambda: who.acknowledge(reference, "ACCEPTED"),
        lambda: who.referral(reference),
        lambda: who.walls.settle(reference, "CONFIRM", OFFICE, DEPUTY, reason="Let me."),
    )


def a_listed_case(world: World, **changes: Any) -> tuple[str, str]:
    """C2, accepted and listed for a conference that the brother's office attends."""
    ref = world.client(COLLEGE, "college-01").refer(example("c2", **{**NOBODYS, **changes}))
    coordinator = world.client(COORDINATOR)
    coordinator.decide(ref.reference, {"decision": "ACCEPT"})
    conference = coordinator.create_conference(
        {
            "area": "MARLBURY",
            "starts_at": "2026-12-03T09:30:00Z",
            "attendees": [OFFICE, POLICE, LANDLORD],
        }
    )["conference"]
    coordinator.list_case(conference, ref.reference)
    return ref.reference, conference


def staffed(world: World) -> None:
    for worker in (KAMAL, DEPUTY, ADMIN):
        add_worker(world, OFFICE, worker)


def test_T02_F65_the_brother_finds_nothing_on_any_route(world: World) -> None:
    """He is found by his name and the year of his birth, although the referrer named no office."""
    staffed(world)
    kamal = world.client(OFFICE, KAMAL)
    assert kamal.walls.declare(HIMSELF) == {"people": 1}
    ref, conference = a_listed_case(world)
    absent = [refused(call) for call in calls(kamal, "ZZZZZ-ZZZZZ-V")]
    assert [refused(call) for call in calls(kamal, ref)] == absent == [(404, "not_found")] * 6
    page = kamal.list_cases()
    assert (page["items"], page["more"]) == ([], False)
    assert lines(kamal, conference) == []
    assert "ends_at" not in kamal.agenda(conference)  # the day has no length either
    assert kamal.referrals()["items"] == []
    denied = world.log(agency=OFFICE, outcome="denied")
    told = [each["because"] for each in denied if each["case"] == world.case_of(ref)]
    assert told == ["conflict"] * 4 + ["not-the-sender", "conflict"]


def test_T02_the_answers_of_the_wall_are_those_of_an_empty_gateway(sqlite_world: World) -> None:
    """Byte for byte, but for the one id that differs each time."""
    world = sqlite_world
    staffed(world)
    wire = world.wire(OFFICE, KAMAL)
    ask = lambda: wire.ask("GET", "/v1/cases", "cases:read")  # noqa: E731
    before = ask().get_json()
    world.client(OFFICE, KAMAL).walls.declare(HIMSELF)
    a_listed_case(world)
    after = ask().get_json()
    assert {k: v for k, v in after.items() if k not in ("next", "checkpoint")} == {
        k: v for k, v in before.items() if k not in ("next", "checkpoint")
    }
    assert len(after["next"]) == len(before["next"])


def test_T02_his_whole_office_sees_nothing_until_a_deputy_is_named(world: World) -> None:
    staffed(world)
    world.client(OFFICE, KAMAL).walls.declare(HIMSELF)
    ref, conference = a_listed_case(world)
    for somebody in (world.client(OFFICE), world.client(OFFICE, ADMIN)):
        assert {refused(call) for call in calls(somebody, ref)} == {(404, "not_found")}
        assert somebody.list_cases()["items"] == []
        assert lines(somebody, conference) == []
    assert grants(world, ref, OFFICE) == 0  # nor is any key of the case wrapped for it
    assert [each["agency"] for each in conflicts(world, ref)] == [OFFICE]
    assert conflicts(world, ref)[0]["state"] == "DEPUTY_NEEDED"
    assert "tied" not in conflicts(world, ref)[0]
    told = chair(world).pull(ref, "P9").document["triage"]["conflicts"]
    assert told[0]["tied"] == [KAMAL]


def conflicts(world: World, ref: str) -> list[dict[str, Any]]:
    return list(world.client(COORDINATOR).pull(ref, "P9").document["triage"]["conflicts"])


def grants(world: World, ref: str, agency_id: str) -> int:
    rows = world.rows(t.section_grant)
    mine = {"case_id": world.case_of(ref), "agency_id": agency_id}
    return sum(all(row[name] == value for name, value in mine.items()) for row in rows)


def test_F65_the_deputy_reads_with_a_key_that_no_colleague_has(world: World) -> None:
    staffed(world)
    world.client(OFFICE, KAMAL).walls.declare(HIMSELF)
    ref, conference = a_listed_case(world)
    settle = world.client(COORDINATOR, "marac-01").walls.settle
    name = lambda: settle(ref, "DEPUTY", OFFICE, DEPUTY, reason="The lead of the team.")  # noqa: E731
    assert refused(name) == (409, "deputy_undeclared")
    world.client(OFFICE, DEPUTY).walls.declare(SOMEBODY)
    assert refused(name) == (409, "deputy_without_key")
    deputy = with_own_key(world, OFFICE, DEPUTY, ADMIN)
    assert refused(lambda: deputy.pull(ref, "P7")) == (404, "not_found")
    name()
    assert refused(lambda: settle(ref, "DEPUTY", OFFICE, KAMAL, reason="He.")) == (
        409,
        "deputy_tied",
    )
    pulled = deputy.pull(ref, "P7")
    assert "victim_identity" in {each["section"] for each in pulled.document["sections"]}
    assert [each["reference"] for each in deputy.list_cases()["items"]] == [ref]
    assert len(lines(deputy, conference)) == 1
    assert grants(world, ref, OFFICE) > 0
    (found,) = conflicts(world, ref)
    assert (found["state"], found["deputies"]) == ("SUBSTITUTED", [DEPUTY])
    # The agency's own key opens nothing of it, and everybody else still finds nothing.
    with pytest.raises(Undecipherable):
        world.new_client(OFFICE, DEPUTY).pull(ref, "P7")
    for somebody in (
        world.client(OFFICE, KAMAL),
        world.client(OFFICE),
        world.client(OFFICE, ADMIN),
    ):
        assert refused(lambda who=somebody: who.pull(ref, "P7")) == (404, "not_found")
        assert somebody.list_cases()["items"] == []
    # All partners see whose key it is.
    listed = {each["agency"]: each for each in world.client(POLICE).directory()["agencies"]}
    (shown,) = listed[OFFICE]["workers"]
    assert (shown["worker"], shown["key"]["kid"]) == (DEPUTY, world.rows(t.worker_key)[0]["kid"])
    # A key that has ended is sealed to no more.
    kid = world.rows(t.worker_key)[0]["kid"]
    world.client(OFFICE, ADMIN).walls.end_key(kid)
    assert refused(lambda: deputy.pull(ref, "P7")) == (404, "not_found")


def test_F65_an_office_that_the_referral_bars_gets_a_deputy_by_the_chair_alone(
    world: World,
) -> None:
    """C2 as it was sent: the tutor named the office. Nobody declared anything."""
    staffed(world)
    ref = world.client(COLLEGE).refer(example("c2")).reference
    world.client(OFFICE, DEPUTY).walls.declare(SOMEBODY)
    deputy = with_own_key(world, OFFICE, DEPUTY, ADMIN)
    act = ("DEPUTY", OFFICE, DEPUTY)
    by_hand = world.client(COORDINATOR, "marac-01").walls
    assert refused(lambda: by_hand.settle(ref, *act, reason="Lead.")) == (409, "chair_only")
    chair(world).walls.settle(ref, *act, reason="The lead, not of his team.")
    coordinator = world.client(COORDINATOR)
    coordinator.decide(ref, {"decision": "ACCEPT"})
    conference = coordinator.create_conference(
        {"area": "MARLBURY", "starts_at": "2026-12-03T09:30:00Z", "attendees": [OFFICE, POLICE]}
    )["conference"]
    assert coordinator.list_case(conference, ref)["asked"] == [OFFICE, POLICE]
    assert deputy.pull(ref, "P7").document["reference"] == ref
    assert refused(lambda: world.client(OFFICE).pull(ref, "P7")) == (404, "not_found")


@pytest.mark.parametrize(
    ("what", "declared"),
    [
        (
            "address",
            {"addresses": [{"lines": ["27 curlew rise"], "postcode": {"value": "XX1 4QT"}}]},
        ),
        ("a relative", {"family_name": "Renn", "given_names": "Idris", "closeness": "RELATIVE"}),
    ],
)
def test_F65_what_else_ties_a_worker(
    sqlite_world: World, what: str, declared: dict[str, Any]
) -> None:
    world = sqlite_world
    staffed(world)
    people = [
        *SOMEBODY["people"],
        {"closeness": "CLOSE_FRIEND", "family_name": "Nobody", **declared},
    ]
    world.client(OFFICE, KAMAL).walls.declare({"people": people})
    ref, _ = a_listed_case(world)
    assert refused(lambda: world.client(OFFICE, KAMAL).pull(ref, "P7")) == (404, "not_found")
    assert world.log(agency=OFFICE, outcome="denied")[-1]["because"] == "conflict"


def test_F65_a_partner_that_employs_him_is_found_by_its_name(world: World) -> None:
    """Nobody declared anything; the referral says for whom he works, in other words."""
    staffed(world)
    ref, conference = a_listed_case(
        world, perpetrators__1__employer="Housing Options of Marlbury Council"
    )
    assert [each["agency"] for each in conflicts(world, ref)] == [OFFICE]
    for somebody in (world.client(OFFICE), world.client(OFFICE, ADMIN)):
        assert refused(lambda who=somebody: who.pull(ref, "P7")) == (404, "not_found")
        assert lines(somebody, conference) == []
    chair(world).walls.settle(ref, "LIFT", OFFICE, reason="Another council.")
    assert conflicts(world, ref) == []


def test_F65_a_case_about_a_partners_own_staff_is_for_few(world: World) -> None:
    staffed(world)
    ref, conference = a_listed_case(world, victim__employer="Marlbury Housing Options")
    triage = world.client(COORDINATOR).pull(ref, "P9").document["triage"]
    assert triage["restricted_staff"] is True
    for agency_id in (OFFICE, POLICE, LANDLORD):
        assert refused(lambda who=agency_id: world.client(who).pull(ref, "P9")) == (
            404,
            "not_found",
        )
        assert lines(world.client(agency_id), conference) == []
    (line,) = lines(world.client(COORDINATOR), conference)
    assert (line["label"], line["because"]) == ("Staff case", "restricted-staff")
    assert world.client(BY_AND_FOR).pull(ref, "P2").document["reference"] == ref


def test_F65_who_is_not_tied_reads_as_before(world: World) -> None:
    staffed(world)
    world.client(OFFICE, KAMAL).walls.declare(SOMEBODY)
    ref, conference = a_listed_case(world)
    for somebody in (world.client(OFFICE, KAMAL), world.client(OFFICE)):
        assert somebody.pull(ref, "P7").document["reference"] == ref
        assert len(lines(somebody, conference)) == 1
    assert conflicts(world, ref) == []


def test_V40_declaring_while_the_case_is_open_shuts_it_with_the_next_request(world: World) -> None:
    staffed(world)
    ref, conference = a_listed_case(world)
    kamal = world.client(OFFICE, KAMAL)
    assert kamal.pull(ref, "P7").document["reference"] == ref
    assert grants(world, ref, OFFICE) > 0
    kamal.walls.declare(HIMSELF)
    assert refused(lambda: kamal.pull(ref, "P7")) == (404, "not_found")
    assert lines(kamal, conference) == []
    # Not even as one that ended.
    assert world.new_client(OFFICE, KAMAL).list_cases()["items"] == []
    assert grants(world, ref, OFFICE) == 0
    kinds = {each["kind"] for each in world.client(COORDINATOR).list_cases()["items"]}
    assert "CONFLICT" in kinds
    # And a declaration that says otherwise opens it again: the facts count, no earlier answer.
    kamal.walls.declare(SOMEBODY)
    assert kamal.pull(ref, "P7").document["reference"] == ref


def test_F65_anybody_may_set_itself_aside_and_only_the_chair_lifts(world: World) -> None:
    staffed(world)
    ref, _ = a_listed_case(world)
    admin = world.client(OFFICE, ADMIN)
    admin.walls.settle(ref, "EXCLUDE", OFFICE, ADMIN, reason="Her cousin is my neighbour.")
    assert refused(lambda: admin.pull(ref, "P7")) == (404, "not_found")
    by_hand = world.client(COORDINATOR, "marac-01").walls
    lift = ("LIFT", OFFICE, ADMIN)
    assert refused(lambda: by_hand.settle(ref, *lift, reason="No.")) == (409, "chair_only")
    chair(world).walls.settle(ref, *lift, reason="Another neighbour.")
    assert admin.pull(ref, "P7").document["reference"] == ref


def test_a_worker_added_after_the_case_opens_nothing_for_fourteen_days(world: World) -> None:
    ref, _ = a_listed_case(world)
    world.later(hours=1)
    add_worker(world, OFFICE, ADMIN)
    newcomer = world.client(OFFICE, ADMIN)
    assert refused(lambda: newcomer.pull(ref, "P7")) == (404, "not_found")
    assert newcomer.list_cases()["items"] == []
    world.client(COORDINATOR, "marac-01").walls.settle(
        ref, "CONFIRM", OFFICE, ADMIN, reason="Rang her manager."
    )
    assert newcomer.pull(ref, "P7").document["reference"] == ref


def test_whom_a_tied_colleague_had_registered_opens_nothing_until_confirmed(world: World) -> None:
    """Kamal asked for a colleague's account; that she is named deputy is not his to arrange."""
    add_worker(world, OFFICE, KAMAL)
    add_worker(world, OFFICE, DEPUTY, vouched_by=KAMAL)
    add_worker(world, OFFICE, ADMIN)
    world.client(OFFICE, KAMAL).walls.declare(HIMSELF)
    world.client(OFFICE, DEPUTY).walls.declare(SOMEBODY)
    deputy = with_own_key(world, OFFICE, DEPUTY, ADMIN)
    ref, _ = a_listed_case(world)
    by_hand = world.client(COORDINATOR, "marac-01").walls
    by_hand.settle(ref, "DEPUTY", OFFICE, DEPUTY, reason="The lead.")
    assert refused(lambda: deputy.pull(ref, "P7")) == (404, "not_found")
    assert world.log(agency=OFFICE, outcome="denied")[-1]["because"] == "worker-not-confirmed"
    by_hand.settle(ref, "CONFIRM", OFFICE, DEPUTY, reason="Rang the director.")
    assert deputy.pull(ref, "P7").document["reference"] == ref


def test_a_key_that_came_after_the_deputy_was_named_waits_for_the_coordinator(
    world: World,
) -> None:
    staffed(world)
    world.client(OFFICE, KAMAL).walls.declare(HIMSELF)
    world.client(OFFICE, DEPUTY).walls.declare(SOMEBODY)
    with_own_key(world, OFFICE, DEPUTY, ADMIN)
    ref, _ = a_listed_case(world)
    by_hand = world.client(COORDINATOR, "marac-01").walls
    by_hand.settle(ref, "DEPUTY", OFFICE, DEPUTY, reason="The lead.")
    old = world.rows(t.worker_key)[0]["kid"]
    world.later(hours=1)
    world.client(OFFICE, ADMIN).walls.end_key(old)
    (world.folder / OFFICE / f"own.{DEPUTY}.jwk").unlink()
    deputy = with_own_key(world, OFFICE, DEPUTY, ADMIN)
    assert refused(lambda: deputy.pull(ref, "P7")) == (404, "not_found")
    assert world.log(agency=OFFICE, outcome="denied")[-1]["because"] == "no-own-key"
    by_hand.settle(ref, "CONFIRM", OFFICE, DEPUTY, reason="Rang her; read the key id aloud.")
    assert client_with_key(world, OFFICE, DEPUTY).pull(ref, "P7").document["reference"] == ref


def test_nobody_approves_its_own_key(sqlite_world: World) -> None:
    world = sqlite_world
    staffed(world)
    folder = world.folder / OFFICE
    kid = world.client(OFFICE, DEPUTY).walls.register_key(own_key.make(folder, DEPUTY))
    approve = world.client(OFFICE, DEPUTY).walls.approve_key
    assert refused(lambda: approve(kid)) == (409, "same_person")
    assert refused(lambda: world.client(POLICE, "police-01").walls.approve_key(kid)) == (
        404,
        "not_found",
    )


def test_a_tied_coordinator_is_replaced_by_a_chair(world: World) -> None:
    """The office that coordinates is shut with its worker; the chair reads, with its own key."""
    add_worker(world, COORDINATOR, "marac-02")
    alternate = with_own_key(world, COORDINATOR, CHAIR, "marac-02")
    world.client(COORDINATOR, "marac-01").walls.declare(HIMSELF)
    ref = world.client(COLLEGE).refer(example("c2", **NOBODYS)).reference
    for somebody in (world.client(COORDINATOR), world.client(COORDINATOR, "marac-01")):
        assert refused(lambda who=somebody: who.pull(ref, "P9")) == (404, "not_found")
    itself = ("CONFIRM", COORDINATOR, CHAIR)
    assert refused(lambda: alternate.walls.settle(ref, *itself, reason="I.")) == (
        409,
        "same_person",
    )
    assert alternate.pull(ref, "P9").document["reference"] == ref
    # Nor does the office's common key open what tells of the case's readings.
    for ask in ("readings", "access"):
        assert getattr(alternate, ask)(ref)["reference"] == ref
        with pytest.raises(Undecipherable):
            getattr(world.new_client(COORDINATOR, CHAIR), ask)(ref)


def test_only_a_worker_declares(sqlite_world: World) -> None:
    assert refused(lambda: sqlite_world.client(OFFICE).walls.declare(HIMSELF)) == (422, "invalid")


def test_nothing_of_a_declaration_lies_in_the_clear(sqlite_world: World) -> None:
    world = sqlite_world
    staffed(world)
    world.client(OFFICE, KAMAL).walls.declare(HIMSELF)
    (row,) = world.rows(t.interest)
    assert b"RENN" not in row["content"]
    assert b"1999" not in row["content"]
