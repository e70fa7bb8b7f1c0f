"""The stories of staff and of sides: who is tied to a family, and who accuses whom."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from tests.county.driving import (
    COORDINATOR,
    CSC,
    HOSPITAL,
    IDVA,
    LANDLORD,
    OFFICE,
    OTHER,
    PROBATION,
    County,
    broken,
    document_of,
    first_worker,
)
from tests.county.owners import Family
from tests.county.papers import HERS, HIS
from tests.journeys.walled import SOMEBODY


def himself(family: Family) -> dict[str, Any]:
    """What somebody declares who is the one she is afraid of."""
    him = document_of(family)["perpetrators"][0]
    return {
        "people": [
            {
                "closeness": "SELF",
                "given_names": him["given_names"],
                "family_name": str(him["family_name"]).upper(),
                "dob": him["dob"],
                "dob_precision": "DAY",
            }
        ]
    }


def relative(county: County) -> None:
    """He works in the housing office: a colleague with a key of her own reads in its place."""
    number = len(county.families)
    tied, deputy, colleague = (f"{name}-{number}" for name in ("tied", "deputy", "colleague"))
    for worker in (tied, deputy, colleague):
        county.hire(OFFICE, worker)
    family = county.papers.family("relative", LANDLORD)
    document_of(family)["perpetrators"][0]["family_name"] = county.papers.marks.word()
    county.world.client(OFFICE, tied).walls.declare(himself(family))
    county.world.client(OFFICE, deputy).walls.declare(SOMEBODY)
    county.give_key(OFFICE, deputy, colleague)
    county.list_(county.send(family))
    chair = county.world.client(COORDINATOR, first_worker(COORDINATOR))
    chair.walls.settle(family.reference, "DEPUTY", OFFICE, deputy, reason="Leads the team.")
    family.only[OFFICE] = frozenset({deputy})
    family.never.add((OFFICE, tied))


def neighbour(county: County) -> None:
    """A nurse lives next to her, in the same house: the hospital finds nothing at all."""
    family = county.papers.family("neighbour", LANDLORD)
    worker = f"nurse-{len(county.families)}"
    county.hire(HOSPITAL, worker)
    address = deepcopy(document_of(family)["victim"]["address"]["value"])
    person = {**SOMEBODY["people"][0], "addresses": [address], "phones": []}
    county.world.client(HOSPITAL, worker).walls.declare({"people": [person]})
    county.list_(county.send(family))
    family.only[HOSPITAL] = frozenset()


def later(county: County) -> None:
    """A nurse says only when the case is listed that she is his sister-in-law; she tries the glass.

    The hospital had it in its list; from now on it finds nothing there.
    """
    family = county.papers.family("later", LANDLORD)
    document_of(family)["perpetrators"][0]["family_name"] = county.papers.marks.word()
    worker = f"sister-{len(county.families)}"
    county.hire(HOSPITAL, worker)
    county.list_(county.send(family))
    county.world.client(HOSPITAL, worker).walls.declare(himself(family))
    family.only[HOSPITAL] = frozenset()
    family.never.add((HOSPITAL, worker))
    assert broken(county, HOSPITAL, worker, family.reference) in (201, 404)  # with no guard 201


def sender_tied(county: County) -> None:
    """Somebody of the very agency that sent it says that he is his brother."""
    family = county.papers.family("sender tied", OTHER, listed=False)
    document_of(family)["perpetrators"][0]["family_name"] = county.papers.marks.word()
    worker = f"brother-{len(county.families)}"
    county.hire(OTHER, worker)
    county.send(family)
    county.world.client(OTHER, worker).walls.declare(himself(family))
    family.parts |= {COORDINATOR: "coordinator", IDVA: "idva"}
    family.never.add((OTHER, worker))


def employer(county: County) -> None:
    """He works for the probation service."""
    family = county.papers.family("employer", LANDLORD)
    document_of(family)["perpetrators"][0]["employer"] = "Marlbury probation"
    county.list_(county.send(family))
    family.only[PROBATION] = frozenset()


def staff(county: County) -> None:
    """She works for the hospital: chair, coordinator and supporter, and no other partner."""
    family = county.papers.family("staff", LANDLORD)
    document_of(family)["victim"]["employer"] = "Marlbury hospital"
    family.secrets = [s for s in family.secrets if s.row != "D21" or s.is_summary]
    county.list_(county.send(family))
    family.parts = {each: part for each, part in family.parts.items() if part != "research"}


def barred(county: County) -> None:
    """The form names who must not have it."""
    family = county.papers.family("barred", LANDLORD)
    document_of(family)["must_not_receive"] = [{"agency_id": CSC, "reason": "His sister."}]
    county.list_(county.send(family))
    family.only[CSC] = frozenset()


def newcomer(county: County) -> None:
    """Somebody is taken on after the case came, and nobody has said who that is."""
    family = county.list_(county.send(county.papers.family("newcomer", LANDLORD)))
    county.world.later(seconds=1)
    worker = f"new-{len(county.families)}"
    county.hire(IDVA, worker)
    family.never.add((IDVA, worker))


def counter(county: County) -> None:
    """Two who accuse each other: who works for one finds nothing of the other."""
    one = county.papers.family("counter", LANDLORD)
    two = county.papers.family("counter", OTHER)
    names = ("given_names", "family_name", "dob")
    hers, his = document_of(one)["victim"], document_of(one)["perpetrators"][0]
    hers["family_name"], his["family_name"] = (county.papers.marks.word() for _ in range(2))
    victim, accused = document_of(two)["victim"], document_of(two)["perpetrators"][0]
    for name in names:
        victim[name] = {"value": his[name]} if name == "dob" else his[name]
        accused[name] = hers[name]["value"] if name == "dob" else hers[name]
    adviser = first_worker(IDVA)
    county.accept(county.send(one))
    county.world.client(IDVA, adviser).acknowledge(one.reference, "ACCEPTED")
    county.accept(county.send(two))
    one.only[IDVA], two.only[IDVA] = frozenset({adviser}), frozenset()


def again(county: County) -> None:
    """The same couple from another partner, spelt otherwise: one case, and each knows its own."""
    one = county.papers.family("again", LANDLORD)
    two = county.papers.family("again", OTHER)
    for part in ("victim", "perpetrators"):
        old, new = document_of(one)[part], document_of(two)[part]
        old, new = (each[0] if isinstance(each, list) else each for each in (old, new))
        for name in ("given_names", "family_name", "dob"):
            new[name] = deepcopy(old[name])
    victim = document_of(two)["victim"]
    victim["given_names"] = respelt(victim["given_names"])
    county.list_(county.send(one))
    county.send(two)
    merge = {"decision": "MERGE", "merge_with": one.reference}
    county.world.client(COORDINATOR).decide(two.reference, merge)
    two.parts, two.listed = one.parts, True


def respelt(name: str) -> str:
    """Another name of the same list that begins alike, if there is one."""
    alike = [each for each in (*HERS, *HIS) if each[:2] == name[:2] and each != name]
    return alike[0] if alike else name + "e"
