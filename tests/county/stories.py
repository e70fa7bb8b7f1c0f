"""The stories of the county: each makes one family or two, and lets happen what its rule is about.

What each says of who may see (`parts`, `only`, `never`, `kept`, `opened`) is taken from the domain.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import timedelta

from gateway.schemas.codes import Scope
from tests.county import hosting, meeting, sides
from tests.county.driving import (
    COLLEGE,
    COORDINATOR,
    CSC,
    GP,
    IDVA,
    LANDLORD,
    OTHER,
    POLICE,
    County,
    broken,
    document_of,
    first_worker,
)
from tests.county.owners import Secret
from tests.journeys.asking import DATED
from tests.journeys.world import example, position

OVERRIDE = example("c2")["document"]["override_record"]
TERM = {**DATED, "starts_on": "2026-11-23", "expires_on": "2027-05-20"}


# --- need to know ---------------------------------------------------------------------------------


def listed(county: County) -> None:
    """High risk, she agrees, listed: each partner by its column and stage.

    The supporter keeps a note for itself.
    """
    family = county.list_(county.send(county.papers.family("listed", LANDLORD)))
    word = county.papers.marks.word()
    county.world.client(IDVA, first_worker(IDVA)).notes.keep(family.reference, f"Rang: {word}.")
    family.secrets.append(Secret("NOTE", word, IDVA))


def early(county: County) -> None:
    """Accepted and not listed yet: coordinator and supporter alone."""
    county.accept(county.send(county.papers.family("early", COLLEGE)))


def asked_again(county: County) -> None:
    """The supporter asks her once more, and writes down what the referrer did not send."""
    family = county.list_(county.send(county.papers.family("asked again", CSC)))
    word = county.papers.marks.word()
    said = {**TERM, "evidence": f"Said again at {word}."}
    county.world.client(IDVA).record_consent(family.reference, said)
    family.secrets.append(Secret("D08", word, IDVA))


def elsewhere(county: County) -> None:
    """A case of the other area."""
    family = county.papers.family("elsewhere", OTHER, area="FENHOLLOW")
    county.list_(county.send(family))


def by_case(county: County) -> None:
    """One section is opened to the supporter, case by case, and to nobody else."""
    family = county.list_(county.send(county.papers.family("by case", LANDLORD)))
    ask = {"act": "ASK", "section": "orientation", "reason": "A group of her own would help."}
    until = (county.world.now + timedelta(days=13)).date().isoformat()
    yes = {"act": "APPROVE", "reason": "She asked.", "until": until}
    path = f"/v1/cases/{family.reference}/approvals"
    asker, approver = (
        county.world.client(each, first_worker(each)) for each in (IDVA, COORDINATOR)
    )
    asked = asker._exchange.send_sealed(path, "approval/1", ask, Scope.CASES_WRITE)
    yes["number"] = asked["number"]
    approver._exchange.send_sealed(path, "approval/1", yes, Scope.CASES_WRITE)
    family.opened.add((IDVA, None, "D14"))


def glass(county: County) -> None:
    """A surgery without a part in the case breaks the glass: one class, for one worker."""
    worker = f"nurse-{len(county.families)}"
    county.hire(GP, worker)
    family = county.accept(county.send(county.papers.family("glass", LANDLORD)))
    assert broken(county, GP, worker, family.reference) == 201
    family.opened |= {(GP, worker, "D05"), (GP, worker, "REF")}


# --- consent --------------------------------------------------------------------------------------


def withdrawn(county: County) -> None:
    """Medium risk, shared because she agreed, until she does not: nobody has it any more."""
    family = county.send(county.papers.family("withdrawn", LANDLORD, yes=12, past={IDVA}))
    county.world.client(LANDLORD).record_position(family.reference, position("WITHDRAWN"))


def lapsed(county: County) -> None:
    """Medium risk, agreed to until today; nobody asks before the day after tomorrow."""
    family = county.send(county.papers.family("lapsed", LANDLORD, yes=12, past={IDVA}))
    today = county.world.now.date().isoformat()
    term = {**TERM, "starts_on": today, "expires_on": today}
    county.world.client(LANDLORD).record_consent(family.reference, term)


def condition(county: County) -> None:
    """Not her surgery, and not the college."""
    family = county.papers.family("condition", LANDLORD)
    document_of(family)["consent_record"]["conditions"] = [
        {"text": "Not my surgery.", "excludes_kind": "PRIMARY_CARE"},
        {"text": "Not the college.", "excludes_agency": COLLEGE},
    ]
    county.list_(county.send(family))
    for agency in (GP, COLLEGE):
        family.parts.pop(agency)


def narrowed(county: County) -> None:
    """Everything but her state of mind, to the one who supports her."""
    family = county.list_(county.send(county.papers.family("narrowed", LANDLORD)))
    limit = {"text": "Not that.", "excludes_agency": IDVA, "excludes_category": "D11"}
    county.world.client(LANDLORD).record_consent(family.reference, {**TERM, "conditions": [limit]})
    family.kept.add((IDVA, "D11"))


def unrecorded(county: County) -> None:
    """Nobody wrote down what she wants: the supporter learns of a case, and whom to ring."""
    family = county.papers.family("unrecorded", LANDLORD, past={IDVA})
    document_of(family)["victim"]["position"] = "UNRECORDED"
    county.send(family)


def refused(county: County) -> None:
    """Not high, against her word, no duty: it stays with who sent it."""
    family = county.papers.family("refused", LANDLORD, yes=3)
    document_of(family)["victim"]["position"] = "WITHHELD"
    county.send(family)


# --- where she is ---------------------------------------------------------------------------------


def refuge(county: County) -> None:
    """She lives where he does not know it, and the open story names the house."""
    family = county.papers.family("refuge", LANDLORD)
    county.papers.hide(family, slips=True)
    county.list_(county.send(family))


def workplace(county: County) -> None:
    """He does not know her address, and the open story names where she works."""
    family = county.papers.family("workplace", LANDLORD)
    county.papers.hide(family)
    document = document_of(family)
    work = document["victim"]["employer"]
    document["incidents"][0]["what"] += f"\nHe waited outside {work.upper()} again."
    county.list_(county.send(family))


def serious(county: County) -> None:
    """A crime, against her word: police are named; her number waits for a second person."""
    family = county.papers.family("serious", LANDLORD, yes=12, parts={POLICE: "named"})
    document = document_of(family)
    document["victim"]["position"] = "WITHHELD"
    document["referral"]["danger"] = "SERIOUS"
    document["override_record"] = deepcopy(OVERRIDE)
    county.papers.seal_contact(family)
    county.send(family).listed = False
    family.kept.add((POLICE, "D04"))


def redacted(county: County) -> None:
    """One paragraph is taken out and its owner confirms; another waits for the owner's word."""
    family = county.list_(county.send(county.papers.family("redacted", LANDLORD)))
    document = document_of(family)
    texts = (document["incidents"][0]["what"], document["referral"]["rationale"])
    said = " ".join(each.split("\n")[1] for each in texts)
    family.gone.update(each.word for each in family.secrets if each.word in said)
    chair = county.world.client(COORDINATOR, first_worker(COORDINATOR))
    drafts = [
        chair.walls.draft_redaction(family.reference, "incidents", LANDLORD, [f"{place}#2"])
        for place in ("/incidents/0/what", "/referral/rationale")
    ]
    owner = county.world.client(LANDLORD, first_worker(LANDLORD))
    owner.walls.settle_redaction(family.reference, "CONFIRM", drafts[0]["number"])


Story = Callable[[County], None]
STORIES: Mapping[str, Story] = {
    each.__name__: each
    for each in (
        *(listed, early, asked_again, elsewhere, by_case, glass),
        *(withdrawn, lapsed, condition, narrowed, unrecorded, refused),
        *(refuge, workplace, serious, redacted, hosting.hosted),
        *(sides.relative, sides.neighbour, sides.later, sides.sender_tied, sides.employer),
        *(sides.staff, sides.barred, sides.newcomer, sides.counter, sides.again),
        *(meeting.circulated, meeting.sitting, meeting.heard, meeting.sent, meeting.monitored),
    )
}
