"""Research for a conference: asked with names alone, returned in extracts, kept by its owner."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest

from gateway.client.access import ProblemError
from gateway.demo import world as demo
from gateway.errors import Invalid
from gateway.schemas.codes import Purpose
from gateway.store import tables as t
from tests.journeys.test_breakglass import Worker
from tests.journeys.test_conflict import a_listed_case, staffed
from tests.journeys.walled import (
    ADMIN,
    DEPUTY,
    HIMSELF,
    KAMAL,
    OFFICE,
    SOMEBODY,
    chair,
    with_own_key,
)
from tests.journeys.world import AUDITOR, World, example, lines, position, seen

LANDLORD, IDVA, POLICE = "harbourgate-homes", "marlbury-idva", "marlbury-police"
COORDINATOR, CSC = "marlbury-marac", "marlbury-csc"
STARTS = "2026-12-08T09:30:00Z"  # research is due on Friday 4 December at 17:00
ABSENT = (404, "not_found")
NIL = {"people": [{"person": "VICTIM", "known": "NOT_KNOWN"}]}
KEPT = "The file names a neighbour who is afraid of him."
FOUND = {
    "people": [
        {
            "person": "VICTIM",
            "known": "KNOWN_RELEVANT",
            "details_correct": "NO",
            "corrections": {"aliases": ["Ellie Marsh"]},
            "involvement": {"status": "OPEN", "worker": "P. Ardane", "role": "Social worker"},
        },
        {"person": "PERPETRATOR", "ref": "p1", "known": "KNOWN_RELEVANT"},
    ],
    "entries": [
        {
            "about": "RELEVANT_TO_RISK",
            "theme": "HOUSING",
            "text": "The front door was forced twice in June.",
            "nature": "FACT",
            "confidence": "HIGH",
            "extract": "WHOLE",
        },
        {
            "about": "RECENT_ATTITUDE",
            "theme": "PERPETRATOR",
            "text": "He threatened the caretaker, Mr Osei Lund, by name.",
            "nature": "THIRD_PARTY",
            "extract": "WORDS",
            "words": "He was hostile to staff.",
        },
        {
            "about": "RELEVANT_TO_RISK",
            "theme": "MENTAL_HEALTH",
            "text": KEPT,
            "nature": "OPINION",
            "extract": "KEPT",
            "reason": "THIRD_PARTY",
        },
    ],
    "staff_safety_warning": "Visit in twos.",
    "proposed_actions": [{"text": "Change the locks.", "by_on": "2026-12-10"}],
    "not_shared": [{"item": "An old complaint about bins.", "reason": "NOT_RELEVANT"}],
    "attending": "P. Ardane",
}


def listed(world: World, form: Any = None, attendees: tuple[str, ...] = ()) -> tuple[str, str]:
    """A case on the list of a conference: (conference, reference)."""
    reference = world.client(LANDLORD).refer(form or example("c1")).reference
    coordinator = world.client(COORDINATOR)
    coordinator.decide(reference, {"decision": "ACCEPT"})
    conference = coordinator.create_conference(
        {
            "area": "MARLBURY",
            "starts_at": STARTS,
            "attendees": list(attendees or (POLICE, IDVA, LANDLORD, CSC)),
        }
    )["conference"]
    coordinator.list_case(conference, reference)
    return conference, reference


def refused(act: Any, *given: Any, **named: Any) -> tuple[int, str]:
    with pytest.raises(ProblemError) as caught:
        act(*given, **named)
    return caught.value.status, caught.value.code


def test_a_request_has_names_and_where_to_search_and_no_story(world: World) -> None:
    conference, reference = listed(world)
    (asked,) = world.client(CSC).research.requests(conference)
    assert (asked["reference"], asked["kind"], asked["referrer"]) == (reference, "NEW", "LANDLORD")
    assert (asked["due_at"], asked["version"], asked["late"]) == ("2026-12-04T17:00:00Z", 0, False)
    people = asked["people"]
    assert people["victim"]["family_name"] == "Marsh-Okoro"
    assert people["victim"]["addresses"][0]["lines"] == ["12 Tern Court"]
    assert people["perpetrators"][0]["relationship"] == "SPOUSE"
    assert [each["ref"] for each in people["children"]] == ["c1", "c2"]
    told = json.dumps(people)
    for never in ("9990001022", "Ferryfield", "07700", "air rifle", "Lowmoor", "Quayside", "MIXED"):
        assert never not in told, never
    assert set(people["victim"]) <= {
        *("given_names", "family_name", "aliases", "former_names", "spelling_variants"),
        *("dob", "dob_precision", "extra_dobs", "addresses"),
    }
    everyone = {row["agency_id"] for row in world.rows(t.research_request)}
    assert everyone == {POLICE, IDVA, LANDLORD, CSC}  # not who coordinates


def test_an_address_that_he_does_not_know_leaves_with_no_request(world: World) -> None:
    """She is in a refuge: where she lived before is searched for, and nothing says where she is."""
    conference, _ = listed(world, example("c3"))
    (asked,) = world.client(CSC).research.requests(conference)
    before = example("c3")["document"]["victim"]["previous_addresses"][0]
    (place,) = asked["people"]["victim"]["addresses"]
    assert place["lines"] == before["lines"]
    sealed = example("c3")["sealed"]["protected_address"]
    assert not [line for line in sealed["address"]["lines"] if line in json.dumps(asked)]


def test_who_is_left_out_is_not_asked_and_learns_nothing(world: World) -> None:
    """Her condition, an agency that does not attend, and one that attends another list."""
    form = example("c1")
    conference, reference = listed(world, form)
    college = world.client("marlbury-college")
    assert refused(college.research.requests, conference)[0] == 404
    absent = refused(college.research.give, conference, reference, NIL)
    unknown = refused(college.research.give, conference, "7K3MQ-2XF8A-C", NIL)
    assert absent == unknown == (404, "not_found")
    police = world.client(POLICE)
    assert refused(police.research.own, str(uuid.uuid4()), reference)[0] == 404
    assert refused(police.research.give, conference, "7K3MQ-2XF8A-C", NIL)[0] == 404


def test_a_return_is_read_by_class_and_stage_and_what_was_kept_by_nobody_else(
    world: World,
) -> None:
    conference, reference = listed(world)
    csc, idva = world.client(CSC), world.client(IDVA)
    receipt = csc.research.give(conference, reference, FOUND)
    assert (receipt["version"], receipt["late"]) == (1, False)
    read = seen(idva, reference, "P2")
    assert read["research_tenancy"][0] == "SUMMARY"  # D19 of an IDVA, and it is the extract
    (paragraph,) = read["research_tenancy"][1]["research"]["entries"]
    assert paragraph["text"] == "The front door was forced twice in June."
    assert (paragraph["nature"], paragraph["is_extract"]) == ("FACT", False)
    (other,) = read["research_history"][1]["research"]["entries"]
    assert (other["text"], other["is_extract"]) == ("He was hostile to staff.", True)
    first = read["research_return"][1]["research"]
    assert first["not_shared"] == {"NOT_RELEVANT": 1, "THIRD_PARTY": 1}
    assert first["staff_safety_warning"] == "Visit in twos."
    (action,) = read["research_actions"][1]["research"]["proposed_actions"]
    assert action == {"text": "Change the locks.", "by_on": "2026-12-10"}
    assert "research_mental_health" not in read
    for agency, purpose in ((POLICE, "P1"), (LANDLORD, "P7")):  # before the conference sits
        shown = seen(world.client(agency), reference, purpose)
        assert not [name for name in shown if name.startswith("research_")], agency
    sent = csc.research.own(conference, reference)["research"]
    assert sent == FOUND  # its own words, as it sent them
    assert not [row for row in world.rows(t.section) if row["name"] == "research_kept"]
    entry = world.log(event="research.returned")[-1]
    assert entry["facts"]["version"] == 1
    assert KEPT not in json.dumps(entry)


def test_a_late_return_counts_and_says_that_it_is_late(world: World) -> None:
    conference, reference = listed(world)
    csc = world.client(CSC)
    world.later(days=13)  # Sunday
    (asked,) = csc.research.requests(conference)
    assert asked["late"] is True
    receipt = csc.research.give(conference, reference, NIL)
    assert (receipt["version"], receipt["late"]) == (1, True)
    (line,) = lines(world.client(COORDINATOR), conference)
    assert line["research"] == {
        "asked": 4,
        "received": 1,
        "missing": sorted((IDVA, POLICE, LANDLORD)),
        "late": sorted((IDVA, POLICE, LANDLORD, CSC)),
    }
    assert "research" not in lines(csc, conference)[0]  # who has answered is not theirs to know


def test_a_correction_is_a_new_version_and_two_who_write_are_told(world: World) -> None:
    conference, reference = listed(world)
    csc = world.client(CSC)
    key = str(uuid.uuid4())
    first = csc.research.give(conference, reference, NIL, idempotency_key=key)
    again = csc.research.give(conference, reference, NIL, idempotency_key=key)
    assert first["version"] == again["version"] == 1
    assert len(world.rows(t.research_return)) == 1
    assert refused(csc.research.give, conference, reference, FOUND) == (409, "changed_meanwhile")
    world.later(hours=1)
    assert csc.research.give(conference, reference, {**FOUND, "replaces": 1})["version"] == 2
    stale = {**FOUND, "replaces": 1}
    assert refused(csc.research.give, conference, reference, stale)[0] == 409
    own = csc.research.own(conference, reference)
    assert [each["version"] for each in own["versions"]] == [1, 2]
    assert own["research"]["entries"][2]["text"] == KEPT
    current = seen(world.client(IDVA), reference, "P2")["research_return"][1]["research"]
    assert current["version"] == 2
    assert len(world.rows(t.research_return)) == 2  # nothing is written over


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"people": []}, "too_short", "/people"),
        ({"people": [{"person": "VICTIM", "known": "MAYBE"}]}, "unknown_code", "/people/0/known"),
        ({"entries": FOUND["entries"]}, "not_both", "/entries"),
        ({"replaces": 0}, "out_of_range", "/replaces"),
        ({"notes": "x"}, "unknown_field", "/notes"),
    ],
)
def test_a_bad_return_is_refused_with_a_code_and_a_pointer(
    shared_sqlite_world: World, change: dict[str, Any], code: str, pointer: str
) -> None:
    world = shared_sqlite_world
    conference, reference = listed(world)
    with pytest.raises(ProblemError) as caught:
        world.client(CSC).research.give(conference, reference, {**NIL, **change})
    assert caught.value.status == 422
    assert (code, pointer) in caught.value.problems


# --- who is not asked, or no longer ------------------------------------------------------------


def test_T02_a_brother_is_asked_nothing_and_his_deputy_is(world: World) -> None:
    """His office is not asked; once somebody reads in his place, that one is."""
    staffed(world)
    kamal = world.client(OFFICE, KAMAL)
    kamal.walls.declare(HIMSELF)
    reference, conference = a_listed_case(world)
    assert OFFICE not in {row["agency_id"] for row in world.rows(t.research_request)}
    assert kamal.research.requests(conference) == []
    nowhere = refused(kamal.research.give, conference, "ZZZZZ-ZZZZZ-V", NIL)
    assert refused(kamal.research.give, conference, reference, NIL) == nowhere == ABSENT
    world.client(OFFICE, DEPUTY).walls.declare(SOMEBODY)
    deputy = with_own_key(world, OFFICE, DEPUTY, ADMIN)
    chair(world).walls.settle(reference, "DEPUTY", OFFICE, DEPUTY, reason="The lead of the team.")
    (asked,) = deputy.research.requests(conference)
    assert (asked["reference"], asked["version"]) == (reference, 0)
    assert deputy.research.give(conference, reference, NIL)["version"] == 1
    assert kamal.research.requests(conference) == []
    assert refused(kamal.research.own, conference, reference) == ABSENT
    assert refused(kamal.research.give, conference, reference, {**NIL, "replaces": 1}) == ABSENT


def test_who_is_left_out_since_is_no_longer_asked_nor_waited_for(world: World) -> None:
    conference, reference = listed(world)
    csc = world.client(CSC)
    csc.research.give(conference, reference, NIL)
    left_out = [{"text": "Not them.", "excludes_agency": CSC}]
    world.client(LANDLORD).record_position(reference, position("GIVEN", conditions=left_out))
    assert csc.research.requests(conference) == []
    assert refused(csc.research.own, conference, reference) == ABSENT
    again = {**NIL, "replaces": 1}
    assert refused(csc.research.give, conference, reference, again) == ABSENT
    (line,) = lines(world.client(COORDINATOR), conference)
    assert line["research"]["asked"] == 3
    assert CSC not in line["research"]["missing"]


# --- what stays ---------------------------------------------------------------------------------

CANARY = re.compile(r"Zq\d{3}x")


@pytest.fixture(scope="module")
def kept(shared_sqlite_world: World) -> tuple[World, str, str]:
    """A return of which much stays: each text that does is a word of its own."""
    world = shared_sqlite_world
    attendees = tuple(each.agency_id for each in demo.PARTNERS if each.area == "MARLBURY")
    conference, reference = listed(world, attendees=attendees)
    form = deepcopy(FOUND)
    form["entries"][1]["text"] = "Zq101x he threatened the caretaker."
    form["entries"][2]["text"] = "Zq102x a neighbour is afraid of him."
    form["not_shared"][0]["item"] = "Zq103x an old complaint."
    client = world.client(CSC)
    client.research.give(conference, reference, NIL)
    client.research.give(conference, reference, {**form, "replaces": 1})
    form["entries"][2]["text"] = "Zq104x she is afraid of him, too."
    client.research.give(conference, reference, {**form, "replaces": 2})
    client.notes.keep(reference, "Zq105x for us alone.")
    world.sequence()
    return world, conference, reference


def renderings(world: World, conference: str, ref: str, agency: str) -> Iterator[tuple[str, str]]:
    """Everything that one agency can have rendered, opened as its own client opens it."""
    client = world.client(agency)
    asked: dict[str, Callable[[], Any]] = {
        **{f"pull {p}": lambda p=p: client.pull(ref, p).document for p in Purpose},
        **{f"own {p}": lambda p=p: client.referral(ref, p) for p in Purpose},
        **{f"explain {p}": lambda p=p: client.explain(ref, agency, p) for p in Purpose},
        **{f"agenda {f}": lambda f=f: client.agenda(conference, form=f) for f in ("json", "html")},
        **{f"asked {p}": lambda p=p: client.research.requests(conference, p) for p in Purpose},
        **{f"given {p}": lambda p=p: client.research.own(conference, ref, p) for p in Purpose},
        "access": lambda: client.access(ref),
        "receipts": lambda: list(client.accounts.receipts(ref)),
        "looks": lambda: list(client.accounts.looks()),
        "statement": lambda: client.accounts.statement(ref),
        "removed": lambda: client.accounts.removed(ref, "P7"),
        "notes": lambda: [each.text for each in client.notes.read(ref)],
        "feed": client.list_cases,
        "directory": client.directory,
    }
    for name, ask in asked.items():
        try:
            found = ask()
        except (ProblemError, Invalid) as problem:
            found = [str(problem)]
        yield name, json.dumps(found, default=str, ensure_ascii=False)


@pytest.mark.parametrize(
    "agency", [COORDINATOR, IDVA, POLICE, LANDLORD, CSC, "marlbury-gp", "fenhollow-idva", AUDITOR]
)
def test_F34_what_an_agency_keeps_of_its_research_leaves_by_no_way_out(
    kept: tuple[World, str, str], agency: str
) -> None:
    """Original words, kept paragraphs, what is not shared, earlier versions, and its notes."""
    world, conference, reference = kept
    shown = dict(renderings(world, conference, reference, agency))
    found = {name: set(CANARY.findall(text)) for name, text in shown.items()}
    if agency == CSC:
        assert found["given P9"] == {"Zq101x", "Zq103x", "Zq104x"}
        assert found["notes"] == {"Zq105x"}
        return
    assert set().union(*found.values()) == set(), {n: f for n, f in found.items() if f}
    if agency == COORDINATOR:
        assert "He was hostile to staff." in shown["pull P9"]  # what was given is there


def test_F36_a_broken_glass_shows_the_extract_and_not_what_was_kept(
    kept: tuple[World, str, str],
) -> None:
    world, _, reference = kept
    kept_from = Worker(world, POLICE, "police-01")
    assert kept_from.breaks(reference, category="D23").status_code == 404
    assert kept_from.breaks(reference, category="D17").status_code == 201
    shown = json.dumps(kept_from.looks(reference), default=str)
    assert "He was hostile to staff." in shown
    assert not CANARY.search(shown)


def test_where_she_is_leaves_in_no_return(world: World) -> None:
    """Somebody writes it into a paragraph: it is held back from who may not know it."""
    form = example("c3")
    hidden = form["sealed"]["protected_address"]["address"]["lines"][0]
    reference = world.client("fenhollow-idva").refer(form).reference
    coordinator = world.client(COORDINATOR)
    coordinator.decide(reference, {"decision": "ACCEPT"})
    body = {"area": "MARLBURY", "starts_at": STARTS, "attendees": [CSC, IDVA]}
    conference = coordinator.create_conference(body)["conference"]
    coordinator.list_case(conference, reference)
    given = deepcopy(FOUND)
    given["entries"][0] |= {"theme": "INCIDENTS", "text": f"She is at {hidden} now."}
    world.client(CSC).research.give(conference, reference, given)
    told = json.dumps(coordinator.pull(reference, "P9").document)
    assert "research_incidents" in told
    assert hidden not in told


def test_nothing_of_a_return_is_readable_at_rest(kept: tuple[World, str, str]) -> None:
    world, _, _ = kept
    for table in (t.research_return, t.research_request, t.section, t.answer, t.log_entry, t.feed):
        assert not any(CANARY.search(str(row)) for row in world.rows(table)), table.name
