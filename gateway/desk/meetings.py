"""Owns conferences at the desk: planning one, putting cases on its list, and the order of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import redirect, request
from werkzeug.wrappers import Response as Answer

from gateway.agencies import inbox
from gateway.desk import terms
from gateway.desk.guard import Visit, page
from gateway.desk.place import ROOT
from gateway.desk.render import show
from gateway.desk.triage import new_key, read_reference, sent_key
from gateway.errors import Conflict, Invalid
from gateway.flows import cases, conferences, directory
from gateway.flows.cases import Line
from gateway.flows.conferences import Agenda
from gateway.papers import words as papers
from gateway.rules.desk import DECIDES
from gateway.schemas import reference as references
from gateway.schemas.codes import AgencyKind, CaseState, Limited

_AHEAD = timedelta(days=366)
_WHEN = ("day", "month", "year", "time")
_LISTABLE = (CaseState.ACCEPTED, CaseState.EMERGENCY, CaseState.DEFERRED)
# What can be done to a list besides moving a case, and the button that is focused next.
_DOES = ("up", "down", "place", "together", "rules", "lock", "open")


@page("/conferences", roles=DECIDES)
def meetings(visit: Visit) -> Answer:
    """List the conferences to come, and plan one."""
    return _meetings(visit)


@page("/conferences", roles=DECIDES, method="POST")
def plan_meeting(visit: Visit) -> Answer:
    """Plan a conference of the coordinator's own area."""
    area, faults = visit.person.area, {}
    starts_at = _when(visit)
    attendees = request.form.getlist("attendees")
    if starts_at is None:
        faults["when"] = "Give a day within a year from now, and a time such as 09:30."
    if not attendees:
        faults["attendees"] = "Choose who attends."
    if starts_at is None or faults:
        return _meetings(visit, faults, status=422)

    def act() -> dict[str, str]:
        found = conferences.plan(work, area=area, starts_at=starts_at, attendees=attendees)
        return {"conference": found}

    asked = {"conference": area, "starts_at": starts_at.isoformat(), "attendees": attendees}
    try:
        with visit.work() as work:
            inbox.once(work, sent_key(), asked, act, status=201)
    except Invalid:
        return _meetings(visit, {"attendees": "One of them is not registered."}, status=422)
    return redirect(f"{ROOT}/conferences", 303)


@page("/conferences/<conference_id>", roles=DECIDES, takes=Limited.EXPORT)
def agenda(visit: Visit, conference_id: str) -> Answer:
    """Show the list of a conference in its order, with times and how full it is."""
    return _agenda(visit, conference_id)


@page("/conferences/<conference_id>", roles=DECIDES, method="POST", takes=Limited.EXPORT)
def order_agenda(visit: Visit, conference_id: str) -> Answer:
    """Move a case, bring specialists' cases together, take the rules' order, lock or open."""
    do, reference = request.form.get("do", ""), request.form.get("reference", "")
    if do not in _DOES:
        raise Invalid("Choose what to do.")
    written = references.read(reference) or "-"
    seen, before = request.form.get("seen", ""), request.form.get("before", "")
    try:
        with visit.work() as work:
            match do:
                case "up" | "down":
                    conferences.move(work, conference_id, written, up=do == "up", seen=seen)
                case "place":
                    to = references.read(before) or "-"
                    conferences.place(work, conference_id, written, before=to, seen=seen)
                case "together":
                    conferences.bring_together(work, conference_id, seen=seen)
                case "rules":
                    conferences.follow_rules(work, conference_id)
                case _:
                    conferences.lock(work, conference_id, is_locked=do == "lock")
    except Conflict as error:
        return _agenda(visit, conference_id, said=terms.conflict(error.code), status=409)
    place = "#list"
    if written != "-":
        place = f"#{'c' if do == 'place' else do}-{references.write(written)}"
    return redirect(f"{ROOT}/conferences/{conference_id}{place}", 303)


@page("/cases/<reference>/list", roles=DECIDES, method="POST")
def put_on_list(visit: Visit, reference: str) -> Answer:
    """Put an accepted case on the list of a conference; its attendees are asked to look."""
    written = read_reference(reference)
    conference_id = request.form.get("conference", "")

    def act() -> Mapping[str, object]:
        listed = conferences.list_case(work, conference_id, written)
        return {"kind": str(listed.kind), "state": str(listed.state), "asked": list(listed.asked)}

    try:
        with visit.work() as work:
            cases.require_shown(work, written, "conference.list")
            asked = {"listing": conference_id, "case": written}
            inbox.once(work, sent_key(), asked, act, status=201)
    except Conflict as error:
        return _agenda(visit, conference_id, said=terms.conflict(error.code), status=409)
    return redirect(f"{ROOT}/conferences/{conference_id}#list", 303)


def _when(visit: Visit) -> datetime | None:
    """The start that was typed, by the area's clock; None if there is no such moment."""
    zone = visit.house.profiles.for_area(visit.person.area, visit.now.date()).zone
    day, month, year, time = (request.form.get(name, "").strip() for name in _WHEN)
    try:
        found = datetime.strptime(f"{year}-{month}-{day} {time}", "%Y-%m-%d %H:%M").replace(
            tzinfo=ZoneInfo(str(zone))
        )
    except (ValueError, OverflowError):
        return None
    return found.astimezone(UTC) if visit.now < found < visit.now + _AHEAD else None


def _meetings(
    visit: Visit, faults: Mapping[str, str] | None = None, *, status: int = 200
) -> Answer:
    with visit.work() as work:
        planned = conferences.list_planned(work)
    with visit.work() as work:
        partners = [
            each
            for each in directory.list_agencies(work)
            if each.area == visit.person.area
            and each.kind not in (AgencyKind.COORDINATOR, AgencyKind.AUDITOR)
        ]
    typed = request.form if faults else {}
    chosen = request.form.getlist("attendees") if faults else [e.agency_id for e in partners]
    return show(
        "meetings",
        visit,
        status=status,
        planned=planned,
        partners=sorted(partners, key=lambda each: each.name),
        faults=faults or {},
        typed=typed,
        chosen=chosen,
        key=new_key(),
    )


def _agenda(visit: Visit, conference_id: str, *, said: str = "", status: int = 200) -> Answer:
    issuer = visit.house.settings.base_url
    with visit.work() as work:
        found = conferences.show_agenda(work, conference_id, issuer=issuer, runs=True)
    with visit.work() as work:
        names = {each.agency_id: each.name for each in directory.list_agencies(work)}
    return show(
        "agenda",
        visit,
        status=status,
        conference_id=conference_id,
        found=found,
        names=names,
        waiting=_waiting(visit, found),
        has_script=True,
        script="agenda",
        mark=conferences.mark(found),
        needed=_needed(found),
        are_apart=conferences.are_apart(found),
        key=new_key,
        said=said,
        papers=papers,
        signs={name: sign.text for name, sign in papers.MARKERS.items()},
    )


def _needed(found: Agenda) -> dict[str, list[int]]:
    """For which cases, by number, each specialist comes."""
    needed: dict[str, list[int]] = {}
    for line in found.lines:
        for each in line.specialists:
            needed.setdefault(each, []).append(line.number)
    return needed


def _waiting(visit: Visit, found: Agenda) -> list[Line]:
    """Accepted cases that stand on no list yet; an emergency stays, listed or not."""
    with visit.work() as work:
        lines = cases.list_lines(work, within=_LISTABLE)
    listed = {line.reference for line in found.lines}
    return [each for each in lines if each.state in _LISTABLE and each.reference not in listed]
