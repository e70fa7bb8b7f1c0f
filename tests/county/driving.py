"""The county as it is lived: partners, their staff, and the acts that stories are made of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from gateway.client.gateway import Gateway
from gateway.demo import world as demo
from gateway.schemas.codes import Scope
from gateway.store import tables as t
from tests.county.owners import Asker, Family, Secret
from tests.county.papers import Papers
from tests.desk.conftest import Desk
from tests.journeys.walled import add_worker, with_own_key
from tests.journeys.world import World

LANDLORD, OTHER = "harbourgate-homes", "tidewell-housing"
COORDINATOR, IDVA, BY_AND_FOR = "marlbury-marac", "marlbury-idva", "aster-women"
POLICE, PROBATION, CSC = "marlbury-police", "marlbury-probation", "marlbury-csc"
ASC, HOSPITAL, GP = "marlbury-asc", "marlbury-hospital", "marlbury-gp"
COLLEGE, OFFICE = "marlbury-college", "marlbury-council-housing"
FEN_IDVA, FEN_COORDINATOR = "fenhollow-idva", "fenhollow-marac"

RESEARCH: Mapping[str, tuple[str, ...]] = {
    "MARLBURY": (*(POLICE, PROBATION, CSC, ASC, HOSPITAL, GP, COLLEGE, OFFICE, LANDLORD, OTHER),),
    "FENHOLLOW": (POLICE, PROBATION, CSC, ASC, HOSPITAL, GP, OTHER, LANDLORD),
}
"""Whom a coordinator of an area asks for research."""

CALLED: Mapping[str, tuple[str, str]] = {
    "MARLBURY": (COORDINATOR, IDVA),
    "FENHOLLOW": (FEN_COORDINATOR, FEN_IDVA),
}
"""Who coordinates, and who supports her, where nothing special is needed."""

PER_MEETING = 40


class County:
    """One running service, everybody who may call it, and the families that came to it."""

    def __init__(self, world: World, seed: int = 1) -> None:
        self.world, self.seed, self.papers = world, seed, Papers(seed)
        self.families: list[Family] = []
        self.keys: dict[tuple[str, str], Gateway] = {}  # workers who open with a key of their own
        self.desks: dict[tuple[Asker, datetime], Desk] = {}  # of who is signed in at that moment
        self.turn = 0  # how often all stories happened
        self._meetings: dict[str, tuple[str, int]] = {}

    # --- who asks -------------------------------------------------------------------------------

    @cached_property
    def kinds(self) -> dict[str, str]:
        """The kind of each agency."""
        return {row["id"]: str(row["kind"]) for row in self.world.rows(t.agency)}

    def askers(self) -> list[Asker]:
        """Every agency without a worker, and every registered worker."""
        machines = [Asker(agency, kind) for agency, kind in self.kinds.items()]
        rows = self.world.rows(t.worker)
        return machines + [
            Asker(row["agency_id"], self.kinds[row["agency_id"]], row["id"]) for row in rows
        ]

    def opener(self, asker: Asker) -> Gateway:
        """What opens an answer: the agency's keys, and for some a key of the worker's own."""
        own = self.keys.get((asker.agency, asker.worker or ""))
        return own or self.world.client(asker.agency, asker.worker)

    def hire(self, agency: str, worker: str) -> Gateway:
        """Register a worker."""
        add_worker(self.world, agency, worker)
        return self.world.client(agency, worker)

    def give_key(self, agency: str, worker: str, approver: str) -> None:
        """Let a worker have a key of its own."""
        self.keys[agency, worker] = with_own_key(self.world, agency, worker, approver)

    # --- acts -----------------------------------------------------------------------------------

    def send(self, family: Family) -> Family:
        """Send a referral as a program does that does not look into its own words."""
        client = self.world.client(family.sender)
        _, claims = client._exchange.submit(
            "/v1/referrals", family.form, Scope.REFERRALS_WRITE, None, client.partners.checker
        )
        family.reference, family.turn = str(claims["sub"]), self.turn
        family.written = tuple(family.secrets)
        family.secrets.append(Secret("REF", family.reference, family.sender))
        self.families.append(family)
        return family

    def accept(self, family: Family) -> Family:
        """Let the coordinator take it on."""
        coordinator, supporter = CALLED[family.area]
        family.parts |= {coordinator: "coordinator"}
        family.parts.setdefault(supporter, "idva")
        family.listed = False
        self.world.client(coordinator).decide(family.reference, {"decision": "ACCEPT"})
        return family

    def list_(self, family: Family) -> Family:
        """Accept it and list it for the next conference of its area."""
        self.accept(family)
        family.conference = self._meeting(family.area)
        coordinator = CALLED[family.area][0]
        self.world.client(coordinator).list_case(family.conference, family.reference)
        family.listed = True
        family.parts = dict.fromkeys(RESEARCH[family.area], "research") | family.parts
        return family

    def _meeting(self, area: str) -> str:
        conference, count = self._meetings.get(area, ("", PER_MEETING))
        if count == PER_MEETING:
            starts_at = (self.world.now + timedelta(days=15)).strftime("%Y-%m-%dT09:30:00Z")
            invited = sorted({*RESEARCH[area], *CALLED[area]})
            body = {"area": area, "starts_at": starts_at, "attendees": invited}
            made: Any = self.world.client(CALLED[area][0]).create_conference(body)
            conference, count = made["conference"], 0
        self._meetings[area] = (conference, count + 1)
        return conference

    def pass_days(self) -> None:
        """Let two days go by: what ended by its date has ended, and who is new is still new."""
        self.world.later(days=2)
        self.world.sequence()

    def adjourn(self) -> None:
        """List no more for the conferences of before."""
        self._meetings.clear()


def first_worker(agency: str) -> str:
    """A worker whom an agency has from the start."""
    return demo.worker_of(agency)


def document_of(family: Family) -> dict[str, Any]:
    document: dict[str, Any] = family.form["document"]
    return document


def broken(county: County, agency: str, worker: str, reference: str) -> int:
    """Break the glass before what he is called, just signed in; the status of the answer."""
    wire, now = county.world.wire(agency, worker), county.world.now
    look = {"category": "D05", "purpose": "P6", "reason": "A nurse is on her way to his door."}
    stated = {"worker": worker, "auth_time": int(now.timestamp()), "amr": ["otp", "pwd"]}
    wire._tokens["cases:read", now] = wire.agency.token("cases:read", **stated)
    path, media = f"/v1/cases/{reference}/glass", "application/jose"
    body = wire.envelope("break-glass/1", look)
    return wire.ask("POST", path, "cases:read", body=body, media=media).status_code
