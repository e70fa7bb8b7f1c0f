"""Owns the steps that every case of the demonstration goes through, shown as they happen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from gateway.client.gateway import Gateway, Pulled, Receipt
from gateway.demo import observe, world
from gateway.demo.forms import Form, Forms
from gateway.demo.service import Place
from gateway.demo.show import Show
from gateway.demo.wire import Wire
from gateway.demo.words import because
from gateway.errors import GatewayError
from gateway.profiles.loader import Profiles
from gateway.schemas.codes import AgencyKind

COORDINATOR = "marlbury-marac"
AREA = "MARLBURY"
LANDLORD_PURPOSE, IDVA_PURPOSE, COORDINATOR_PURPOSE = "P7", "P2", "P9"


@dataclass
class Stage:
    """Everything a case is played with; `observed` is what the expectations are held against."""

    place: Place
    show: Show
    forms: Forms
    wire: Wire
    profiles: Profiles
    observed: dict[str, Any] = field(default_factory=dict)
    sent: list[Form] = field(default_factory=list)
    receipts: dict[str, Receipt] = field(default_factory=dict)
    conference: str = ""
    attendees: tuple[str, ...] = ()
    _agencies: dict[str, Gateway] = field(default_factory=dict)
    _cursors: dict[str, str] = field(default_factory=dict)

    @property
    def on(self) -> date:
        """The day of the demonstration."""
        return self.forms.on

    def agency(self, agency_id: str) -> Gateway:
        """The client of one agency, with its own keys and its own connection."""
        if agency_id not in self._agencies:
            self._agencies[agency_id] = world.connect(
                agency_id,
                self.wire.sender(),
                base_url=self.place.settings.base_url,
                folder=self.place.agencies,
                clock=lambda: datetime.now(UTC),
                worker=world.worker_of(agency_id),
            )
        return self._agencies[agency_id]

    def worker(self, agency_id: str, worker: str) -> Gateway:
        """The client of one worker of an agency."""
        return world.connect(
            agency_id,
            self.wire.sender(),
            base_url=self.place.settings.base_url,
            folder=self.place.agencies,
            clock=lambda: datetime.now(UTC),
            worker=worker,
        )

    def note(self, case: str, found: Mapping[str, Any]) -> None:
        """Keep observations under the name of a case."""
        self.observed.update({f"{case}.{name}": value for name, value in found.items()})

    # --- the steps ------------------------------------------------------------------------------

    def refer(self, case: str, agency_id: str, form: Form) -> str:
        """Send a form, and show what its sender is told; gives the reference."""
        self.show.step(f"{world.name_of(agency_id)} seals a referral on its own machine, sends it.")
        self.sent.append(form)
        receipt = self.agency(agency_id).refer(form)
        found = observe.of_receipt(receipt)
        self.receipts[case] = receipt
        self.note(case, found)
        self.show.fact("receipt", f"{receipt.reference}, signed by the gateway")
        if "urgent" in receipt.claims:
            self.show.fact("first line", found["first_line"])
        self.show.fact(
            "risk", f"{found['level']}: {', '.join(found['criteria']) or 'no criterion'}"
        )
        self.show.fact("answers", "; ".join(found["scores"]))
        if found["prompts"]:
            self.show.fact("ask next", ", ".join(found["prompts"]))
        self.show.fact("decision", f"{found['decision']}, state {found['state']}")
        rule = receipt.claims["decision"]["rule"]
        self.show.fact("because", because(self.profiles.for_area(AREA, self.on).consent, rule))
        self.show.fact("duties", ", ".join(found["duties"]))
        return receipt.reference

    def told(self, case: str, reference: str) -> dict[str, str]:
        """Let every agency ask what is new for it, and show who got this case."""
        found = {}
        for partner in world.PARTNERS:
            for item in self._news(partner.agency_id):
                if item["reference"] == reference:
                    found[partner.agency_id] = str(item["kind"])
        self.note(case, {"told": sorted(found)})
        names = (f"{world.name_of(each)} ({kind})" for each, kind in found.items())
        self.show.fact("told", "; ".join(names) or "nobody")
        return found

    def triage(self, case: str, reference: str) -> Mapping[str, Any]:
        """Show what the coordinator sees of the routing and of earlier cases."""
        pulled = self.agency(COORDINATOR).pull(reference, COORDINATOR_PURPOSE)
        found = observe.of_triage(pulled.document["triage"])
        self.note(case, found)
        for agency_id, route in found["routes"].items():
            self.show.fact("routed", f"{world.name_of(agency_id)}: {route}")
        if found["links"]:
            self.show.fact("earlier", "; ".join(found["links"]))
        return found

    def take_on(self, case: str, reference: str, agency_id: str) -> Pulled:
        """Let the routed adviser's service read the case and take it on."""
        self.show.step(f"{world.name_of(agency_id)} pulls the case and takes it on.")
        pulled = self.agency(agency_id).pull(reference, IDVA_PURPOSE)
        self.agency(agency_id).acknowledge(reference, "ACCEPTED")
        self.show.fact("basis", ", ".join(pulled.claims["receipt"]["basis"]))
        for channel in pulled.reveal().get("safe_contact", {}).get("channels", ()):
            answers = ", ".join(f"{n} {channel[f'safe_{n}']}" for n in _WAYS)
            self.show.fact("contact", f"{channel['channel']}: {answers}")
        return pulled

    def list_case(self, case: str, reference: str) -> None:
        """Let the coordinator accept the case and put it on the list."""
        coordinator = self.agency(COORDINATOR)
        coordinator.decide(reference, {"decision": "ACCEPT"})
        listed = coordinator.list_case(self.conference, reference)
        self.note(case, {"asked": sorted(listed["asked"]), "listed_as": listed["kind"]})
        self.show.step(f"The coordinator accepts it and lists it as {listed['kind']}.")
        self.show.fact("asked", ", ".join(listed["asked"]))

    def views(self, case: str, reference: str, idva: str, landlord: str) -> None:
        """Show side by side what an adviser's service and a landlord see."""
        self.show.step("What each of them sees now, section by section:")
        seen = observe.view(self.pulled(idva, reference, IDVA_PURPOSE), idva)
        held = observe.view(self.pulled(landlord, reference, LANDLORD_PURPOSE), landlord)
        self.note(case, {"idva_sees": seen, "landlord_sees": held})
        names = sorted({*seen, *held})
        rows = [(n, seen.get(n, observe.NOTHING), held.get(n, observe.NOTHING)) for n in names]
        self.show.table(("section", world.name_of(idva), world.name_of(landlord)), rows)

    def pulled(self, agency_id: str, reference: str, purpose: str) -> Pulled | None:
        """What an agency is given, or None where the service knows no such case for it."""
        try:
            return self.agency(agency_id).pull(reference, purpose)
        except GatewayError:
            return None

    def agendas(self, case: str, reference: str) -> dict[str, Any]:
        """Show the case's line on each attendee's own agenda; gives them by attendee."""
        self.show.step("Its line on the agenda, as each attendee is given it:")
        rows: list[tuple[str, ...]] = []
        lines: dict[str, Any] = {}
        for agency_id in (COORDINATOR, *self.attendees):
            agenda = self.agency(agency_id).agenda(self.conference)
            line = observe.line_of(agenda, reference) if isinstance(agenda, dict) else None
            lines[agency_id] = dict(line) if line else "not on it"
            rows.append((world.name_of(agency_id), *_agenda_row(line)))
        self.note(case, {f"agenda.{each}": line for each, line in lines.items()})
        own = lines[COORDINATOR]
        if isinstance(own, dict):
            self.note(case, {"minutes": own["minutes"], "place": own["because"]})
            self.note(case, {"markers": own["markers"]})
        self.show.table(("attendee", "case", "min", "level", "marks"), rows)
        return lines

    def plan(self) -> None:
        """Plan the conference that all cases are listed to."""
        day = self.on + timedelta(days=1)  # or the next day on which anybody works
        while day.weekday() > 4:
            day += timedelta(days=1)
        asked = self.profiles.for_area(AREA, self.on).routing.research[AREA]
        advisers = [p.agency_id for p in world.PARTNERS if _attends(p)]
        self.attendees = (*advisers, *asked)
        made = self.agency(COORDINATOR).create_conference(
            {
                "area": AREA,
                "starts_at": f"{day.isoformat()}T09:30:00Z",
                "attendees": list(self.attendees),
            }
        )
        self.conference = made["conference"]
        self.show.step(f"The coordinator plans a conference for {day:%A} {day.isoformat()}, 09:30.")

    def _news(self, agency_id: str) -> list[Mapping[str, Any]]:
        items: list[Mapping[str, Any]] = []
        more = True
        while more:
            page = self.agency(agency_id).list_cases(self._cursors.get(agency_id))
            items += page["items"]
            self._cursors[agency_id], more = page["next"], page["more"]
        return items


_WAYS = ("to_call", "to_leave_voicemail", "to_text", "for_letter")


def _attends(partner: world.Partner) -> bool:
    return partner.kind is AgencyKind.IDVA and partner.area == AREA


def _agenda_row(line: Mapping[str, Any] | None) -> tuple[str, str, str, str]:
    if line is None:
        return ("not on it", "", "", "")
    return (
        line.get("label", "-"),
        str(line["minutes"]),
        line.get("level", "-"),
        ", ".join(line["markers"]) or "-",
    )
