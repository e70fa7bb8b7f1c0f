"""The stories of a meeting: each goes as far as one of its stages, and stops there.

Who is in the room, who left it, and who was never let in is what the stories say of it (`room`);
at what stage that counts is in `owners`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from gateway import ledger
from gateway.disclosure.boxes import open_case_key, seal_value
from gateway.errors import Invalid
from gateway.flows import conferences
from gateway.ledger import Work
from gateway.profiles.loader import Profiles
from gateway.rules.facts import Caller, Worker
from gateway.schemas import reference as references
from gateway.schemas.codes import AgencyKind
from gateway.schemas.consent_codes import Feedback
from gateway.schemas.meeting_codes import Attending
from gateway.schemas.people_codes import AttachmentKind
from gateway.store import attachments, ids
from gateway.store import tables as t
from gateway.store.attachments import AttachmentRow
from tests.county import minuted
from tests.county.driving import (
    ASC,
    COLLEGE,
    COORDINATOR,
    CSC,
    GP,
    HOSPITAL,
    IDVA,
    LANDLORD,
    OTHER,
    POLICE,
    PROBATION,
    County,
    document_of,
    first_worker,
)
from tests.county.owners import Family, Secret
from tests.journeys.world import CHAIR

PROFILES = Profiles.load()
CLERK, OFFICER, OBSERVER = "marac-77", "police-77", "hospital-77"
RUNS: Worker = (COORDINATOR, first_worker(COORDINATOR))
STAYS: tuple[Worker, ...] = (
    RUNS,
    (COORDINATOR, CHAIR),
    *((agency, first_worker(agency)) for agency in (IDVA, POLICE, CSC, LANDLORD)),
)
LEAVES: tuple[Worker, ...] = ((POLICE, OFFICER), (PROBATION, first_worker(PROBATION)))
WATCHES: Worker = (HOSPITAL, OBSERVER)
OUTSIDE: Worker = (ASC, first_worker(ASC))
LEFT_OUT: Worker = (GP, first_worker(GP))  # by her own condition
BEFORE: Worker = (COLLEGE, first_worker(COLLEGE))  # signed a text that has changed since
TRIES = (LEFT_OUT, BEFORE)
COMES = (*STAYS, *LEAVES, WATCHES, OUTSIDE, *TRIES)


def circulated(county: County) -> None:
    """The list stands, everybody was asked, and two have answered; nobody has met."""
    _listed(county, "circulated", 1)


def sitting(county: County) -> None:
    """One case is open: some are in the room, some have left it, some were not let in.

    The next case of the list waits.
    """
    families = _listed(county, "sitting", 2)
    _begin(county, families)
    _open(county, families[0])


def heard(county: County) -> None:
    """A case was heard; its minutes are not out."""
    _hear(county, "heard")


def sent(county: County) -> None:
    """Minutes and plan are out; since then one paragraph was corrected, and one action done."""
    _send(county, "sent")


def monitored(county: County) -> None:
    """All actions are closed: what is left is the flag."""
    family = _send(county, "monitored")
    minuted.finish(county, family, acting)
    family.stage = "MONITORING"


# --- within ---------------------------------------------------------------------------------------


@contextmanager
def acting(county: County, who: Worker) -> Iterator[Work]:
    """A request of somebody who is signed in, as a page would open it."""
    agency, worker = who
    kind = AgencyKind(county.kinds[agency])
    caller = Caller(agency, kind, "MARLBURY", worker_id=worker, is_chair=worker == CHAIR)
    world = county.world
    with ledger.begin(world.sessions, world.keys, caller, world.now, profiles=PROFILES) as work:
        yield work


def _listed(county: County, story: str, cases: int) -> list[Family]:
    """Cases on a list that stands, with what came for them: research of two, and a file."""
    county.adjourn()
    known = {(row["agency_id"], row["id"]) for row in county.world.rows(t.worker)}
    for guest in ((COORDINATOR, CLERK), (POLICE, OFFICER), WATCHES):
        if guest not in known:
            county.hire(*guest)
    found = []
    for _ in range(cases):
        family = county.papers.family(story, LANDLORD)
        limit = {"text": "Not my surgery.", "excludes_kind": "PRIMARY_CARE"}
        document_of(family)["consent_record"]["conditions"] = [limit]
        county.list_(county.send(family))
        family.parts.pop(GP)
        family.attends.update(COMES, {(COORDINATOR, CLERK), (OTHER, first_worker(OTHER))})
        _attach(county, family)
        for agency in (CSC, POLICE):
            minuted.give(county, family, agency)
        found.append(family)
    _sign(county, found)
    with acting(county, RUNS) as work:
        conferences.lock(work, found[0].conference, is_locked=True)
    county.adjourn()
    return found


def _sign(county: County, families: Sequence[Family]) -> None:
    """Everybody signs who comes; what one of them signed was changed afterwards."""
    conference = families[0].conference
    for who in COMES:
        attending = Attending.OBSERVER if who == WATCHES else Attending.REPRESENTATIVE
        with acting(county, who) as work:
            conferences.sign(work, conference, attending, PROFILES.declaration.digest)
    agency, worker = BEFORE
    county.world.execute(
        "UPDATE attendance SET digest = 'another text' WHERE conference_id = :conference"
        " AND agency_id = :agency AND worker_id = :worker",
        conference=conference,
        agency=agency,
        worker=worker,
    )
    for each in families:
        each.signed.update({*COMES} - {WATCHES, BEFORE})


def _begin(county: County, families: Sequence[Family]) -> None:
    """The chair lets an observer in, one agency cannot come, and the meeting begins."""
    conference = families[0].conference
    with acting(county, (COORDINATOR, CHAIR)) as work:
        conferences.admit(work, conference, *WATCHES, "Learns the work.")
        conferences.apologise(work, conference, OTHER)
    with acting(county, RUNS) as work:
        conferences.begin_meeting(work, conference)
    for each in families:
        each.signed.add(WATCHES)


def _open(county: County, family: Family) -> None:
    """The case opens; two leave again, and two try to come in who may not."""
    place = (family.conference, str(references.read(family.reference)))
    with acting(county, RUNS) as work:
        conferences.open_case(work, *place, [RUNS])
    come = {who for who in (*STAYS[1:], *LEAVES, WATCHES, *TRIES) if _enters(county, place, who)}
    for who in sorted(come & {*LEAVES}):
        with acting(county, RUNS) as work:
            conferences.leave_room(work, *place, who)
    family.stage = "MEETING"
    family.room.update({RUNS} | (come & {*STAYS}))


def _enters(county: County, place: tuple[str, str], who: Worker) -> bool:
    """Let somebody in, if that may be: among thousands, a look-alike may stand in the way."""
    try:
        with acting(county, RUNS) as work:
            conferences.enter_room(work, *place, who)
    except Invalid:
        return False
    return True


def _hear(county: County, story: str) -> Family:
    (family,) = families = _listed(county, story, 1)
    _begin(county, families)
    _open(county, family)
    minuted.write(county, family, acting)
    place = (family.conference, str(references.read(family.reference)))
    with acting(county, RUNS) as work:
        conferences.close_case(work, *place, Feedback.PLAN_AGREED)
    family.stage = "AFTER"
    return family


def _send(county: County, story: str) -> Family:
    family = _hear(county, story)
    with acting(county, RUNS) as work:
        conferences.end_meeting(work, family.conference)
    with acting(county, RUNS) as work:
        conferences.send_out(work, family.conference)
    family.signed.update({(COORDINATOR, CLERK), BEFORE})  # it is over: nobody signs any more
    family.secrets = [minuted.as_sent(each) for each in family.secrets]
    minuted.go_on(county, family, acting)
    return family


def _attach(county: County, family: Family) -> None:
    """A letter came with the referral."""
    word = county.papers.marks.word()
    family.secrets.append(Secret("FILE", word, family.sender))
    content, reference = (
        f"Her sister, {word}, wrote this.".encode(),
        references.read(family.reference),
    )
    case_id = county.world.case_of(family.reference)
    with acting(county, (family.sender, first_worker(family.sender))) as work:
        work.count("test")
        with work.keeping(case_id):
            key = open_case_key(work, case_id)
        row = AttachmentRow(
            id=ids.new(work.now, work.chance),
            case_id=case_id,
            reference=str(reference),
            number=1,
            owner_id=family.sender,
            kind=AttachmentKind.OTHER,
            media_type="text/plain",
            size=len(content),
            digest=hashlib.sha256(content).digest(),
            by_agency=family.sender,
            by_worker=work.caller.worker_id,
            at=work.now,
        )
        cell = seal_value(key, table="attachment", column="content", row=row.id, value=content)
        attachments.add_attachment(work.session, row, cell)
