"""A repeat, moved to a refuge in another area (C3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.client.access import ProblemError
from gateway.client.gateway import Receipt
from gateway.store import tables as t
from tests.database import fresh
from tests.journeys.world import START, World, a_world, example, graded, lines

OLD_IDVA, IDVA = "fenhollow-idva", "marlbury-idva"
OLD_COORDINATOR, COORDINATOR = "fenhollow-marac", "marlbury-marac"
POLICE, LANDLORD, GP, COLLEGE = (
    "marlbury-police",
    "harbourgate-homes",
    "marlbury-gp",
    "marlbury-college",
)
REFUGE = ("Lantern House", "Heron Yard", "XX1 9ZZ", "PO Box 614")
EVERYBODY = [POLICE, LANDLORD, GP, COLLEGE, IDVA, "marlbury-csc", "marlbury-probation"]


def four_months_ago() -> dict[str, Any]:
    """What Fenhollow was told in July: the same people, at the old address."""
    form = example("c3")
    document = form["document"]
    document["referral"].update(
        area="FENHOLLOW",
        criteria=["PROFESSIONAL_JUDGEMENT"],
        previous_marac={"value": {"heard": False}},
        attachments=[],
    )
    document["victim"].update(
        address_classification="KNOWN_TO_PERP",
        address={
            "value": {
                "lines": ["8 Weir Lane"],
                "town": "Fenhollow",
                "postcode": {"value": "XX7 3PL"},
            }
        },
        contact={"absent": "UNKNOWN"},
        previous_addresses=[],
    )
    document["incidents"] = [document["incidents"][1]]
    document["risk_assessments"] = {"absent": "UNKNOWN"}
    document["orders"] = []
    document.pop("summaries", None)
    form["sealed"] = {}
    return form


@dataclass(frozen=True)
class Story:
    """Fenhollow four months ago, and Marlbury today."""

    world: World
    earlier: Receipt
    receipt: Receipt
    listed: Any
    conference: str


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def story(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Story]:
    folder: Path = tmp_path_factory.mktemp("world")
    start = START - timedelta(days=124)
    with (
        fresh(request, folder) as url,
        a_world(url, folder, start=start, over_http=True) as world,
    ):
        yield play(world)


def play(world: World) -> Story:
    earlier = world.client(OLD_IDVA).refer(four_months_ago())
    world.client(OLD_COORDINATOR).decide(earlier.reference, {"decision": "ACCEPT"})
    world.later(days=124)
    receipt = world.client(OLD_IDVA, "idva-01").refer(example("c3"))
    others = [
        world.client(LANDLORD).refer(example("c1")),
        world.client("marlbury-hospital").refer(example("c5")),
    ]
    coordinator = world.client(COORDINATOR)
    conference = coordinator.create_conference(
        {"area": "MARLBURY", "starts_at": "2026-11-24T09:30:00Z", "attendees": EVERYBODY}
    )["conference"]
    for each in others:
        coordinator.decide(each.reference, {"decision": "ACCEPT"})
        coordinator.list_case(conference, each.reference)
    coordinator.decide(receipt.reference, {"decision": "ACCEPT"})
    listed = coordinator.list_case(conference, receipt.reference)
    return Story(world, earlier, receipt, listed, conference)


def test_F85_C3_a_message_through_his_sister_is_a_repeat_of_any_abuse_and_no_crime(
    story: Story,
) -> None:
    """True under ANY_ABUSE, false under CRIMINAL_TYPE: the older definition needs a crime."""
    triage = story.world.client(COORDINATOR).pull(story.receipt.reference, "P9").document["triage"]
    (link,) = [each for each in triage["links"] if each["area"] == "FENHOLLOW"]
    assert "reference" not in link  # across areas: that there is one, and where to ask
    assert link["kind"] == "SAME_PEOPLE"
    assert "ANY_ABUSE" in link["repeats"]
    assert "CRIMINAL_TYPE" not in link["repeats"]


def test_C3_the_referrer_says_itself_that_it_is_a_repeat_and_a_transfer(story: Story) -> None:
    assert {"MARAC_REPEAT", "TRANSFER_IN"} <= set(story.receipt.claims["criteria"])
    assert story.receipt.claims["level"] == "HIGH"
    assert story.listed["kind"] == "TRANSFER_IN"


def test_C3_it_stands_first_because_he_is_released_within_seven_days(story: Story) -> None:
    agenda = lines(story.world.client(COORDINATOR), story.conference)
    assert [line["number"] for line in agenda] == [1, 2, 3]
    assert agenda[0]["reference"] == story.receipt.reference
    assert agenda[0]["because"] == "event-within-7-days"
    assert agenda[0]["event_on"] == "2026-11-27"


def test_an_event_that_was_not_the_next_one_when_she_was_referred_still_counts(
    world: World,
) -> None:
    """A hearing came first then; on the day of the conference it is his release that is near."""
    form = graded(15)
    (perpetrator,) = form["document"]["perpetrators"]
    perpetrator["custody"] = {
        "status": "SENTENCED",
        "release_on": "2026-12-11",
        "court_on": "2026-11-25",
    }
    reference = world.client("harbourgate-homes").refer(form).reference
    coordinator = world.client(COORDINATOR)
    coordinator.decide(reference, {"decision": "ACCEPT"})
    plan = {"area": "MARLBURY", "starts_at": "2026-12-08T09:30:00Z", "attendees": [IDVA]}
    conference = coordinator.create_conference(plan)["conference"]
    coordinator.list_case(conference, reference)
    (line,) = lines(coordinator, conference)
    assert (line["because"], line["event_on"]) == ("event-within-7-days", "2026-12-11")


def test_C3_the_adviser_and_the_police_alone_hold_the_refuges_address(story: Story) -> None:
    pulled = story.world.client(IDVA).pull(story.receipt.reference, "P2")
    assert pulled.reveal()["protected_address"]["address"]["lines"] == [
        "Lantern House",
        "3 Heron Yard",
    ]
    copies = {row["audience"] for row in stored(story) if row["name"] == "protected_address"}
    assert copies == {IDVA, POLICE}


def stored(story: Story) -> list[Any]:
    """The stored sections of the new referral."""
    case_id = story.world.case_of(story.receipt.reference)
    return list(story.world.rows(t.section, case_id=case_id))


@pytest.mark.parametrize("agency", [LANDLORD, GP, COLLEGE])
def test_C3_landlord_school_and_surgery_see_nothing_of_it(story: Story, agency: str) -> None:
    for purpose in ("P1", "P2", "P9"):
        pulled = story.world.client(agency).pull(story.receipt.reference, purpose)
        seen = {each["section"] for each in pulled.document["sections"]}
        assert "victim_identity" in seen or agency == COLLEGE  # asked to look in its records
        assert "protected_address" not in seen
        assert "protected_address" not in pulled.document["withheld"]
        assert pulled.sealed == {}
        assert not any(word in str(pulled.document) for word in REFUGE)


def test_C3_the_coordinator_learns_that_there_is_one_and_no_more(story: Story) -> None:
    pulled = story.world.client(COORDINATOR).pull(story.receipt.reference, "P9")
    sections = {each["section"]: each for each in pulled.document["sections"]}
    assert sections["protected_address"]["level"] == "INDICATOR"
    assert sections["protected_address"]["content"] == {"present": True}
    assert not any(word in str(pulled.document) for word in REFUGE)


@pytest.mark.parametrize("form", ["json", "html"])
@pytest.mark.parametrize("agency", [*EVERYBODY, COORDINATOR])
def test_C3_V37_no_agenda_tells_where_the_refuge_is(story: Story, agency: str, form: str) -> None:
    text = str(story.world.client(agency).agenda(story.conference, form=form))
    assert not any(word in text for word in REFUGE)
    assert "Saltmarsh" not in text  # her surgery tells the town as well


def test_C3_the_old_area_reads_nothing_of_the_new_referral(story: Story) -> None:
    with pytest.raises(ProblemError) as problem:
        story.world.client(OLD_COORDINATOR).pull(story.receipt.reference, "P9")
    assert problem.value.status == 404


def test_C3_the_gateway_cannot_read_the_address_itself(story: Story) -> None:
    """Class X: it is nowhere in the database, in the log or on the wire but as ciphertext."""
    for row in stored(story):
        for word in REFUGE:
            assert word.encode() not in row["content"]
