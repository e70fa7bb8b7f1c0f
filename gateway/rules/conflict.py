"""Owns the conflict wall: who is tied to a person of a case, and who reads in that one's place.

A tie is never argued with here: it shuts. What opens again is a named deputy, an alternate chair,
or the chair's own finding that the hit is somebody else. Source: domain rules for conflicts of
interest, staff cases and counter-allegations.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from gateway.rules.facts import Caller, CaseFacts, Ties, Worker
from gateway.schemas.codes import AgencyKind, CaseRole

NEW_FOR = timedelta(days=14)

CONFLICT = "conflict"  # this very worker, or an agency that must not receive
AGENCY = "conflict-agency"  # another worker of the same agency is tied: a deputy reads
UNCONFIRMED = "worker-not-confirmed"
RESTRICTED = "restricted-staff"
COUNTER = "counter-allegation"

WALLED = frozenset({CONFLICT, AGENCY, UNCONFIRMED, RESTRICTED, COUNTER})
"""Refusals of which not even an ended line, a gap or a number may tell."""

# Who works for a victim: for two who accuse each other these are two people.
SUPPORT = frozenset({AgencyKind.IDVA, AgencyKind.REFUGE})

# In a staff case the others learn of it from the chair, if at all.
_IN_STAFF_CASES = frozenset(
    {CaseRole.COORDINATOR, CaseRole.IDVA, CaseRole.NAMED, CaseRole.REFERRER}
)


def refusal(case: CaseFacts, caller: Caller) -> str | None:
    """Return why the wall stands between a caller and a case, or None. No grant undoes it."""
    ties = case.ties
    if is_close(case, caller):
        return CONFLICT
    if is_shut(case, caller.agency_id) and not _stands_in(case, caller):
        return CONFLICT if caller.agency_id in case.conflicted else AGENCY
    if _is_left_out_of_staff_case(case, caller):
        return RESTRICTED
    if ties.is_counter and caller.kind in SUPPORT and not _is_on_one_side(ties, caller):
        return COUNTER
    if caller.worker_id is not None and is_unconfirmed(
        case, (caller.agency_id, caller.worker_id), caller.new_since, caller.vouched_by
    ):
        return UNCONFIRMED
    return None


def is_close(case: CaseFacts, caller: Caller) -> bool:
    """Whether the wall stands before this very person, and not only before its agency."""
    return caller.worker_id is not None and (
        caller.worker_id in case.conflicted
        or is_tied(case.ties, (caller.agency_id, caller.worker_id))
    )


def is_tied(ties: Ties, worker: Worker) -> bool:
    """Whether a worker has a tie that nobody found to be somebody else's."""
    return worker in ties.excluded or (worker in ties.hits and worker not in ties.lifted)


def tied(ties: Ties) -> frozenset[Worker]:
    """Return every worker who is tied."""
    return frozenset(each for each in ties.hits | ties.excluded if is_tied(ties, each))


def is_shut(case: CaseFacts, agency_id: str) -> bool:
    """Whether an agency as such is shut out, so that only its deputy reads for it."""
    if agency_id in case.conflicted or agency_id in case.ties.employers:
        return True
    return any(each[0] == agency_id for each in tied(case.ties))


def is_unconfirmed(
    case: CaseFacts, worker: Worker, new_since: datetime | None, vouched_by: str | None
) -> bool:
    """Whether a worker is so new, or let in by one so close, that it opens nothing in this case.

    The coordinator's confirmation for this case ends it.
    """
    if worker in case.ties.confirmed:
        return False
    return is_unsettled(case, worker[0], new_since, vouched_by)


def is_unsettled(
    case: CaseFacts, agency_id: str, new_since: datetime | None, vouched_by: str | None
) -> bool:
    """Whether a worker or a key came after the case and is new, or was let in by one who is tied.

    `new_since` is None for what is older than `NEW_FOR`.
    """
    opened_at = case.ties.opened_at
    if new_since is not None and opened_at is not None and new_since > opened_at:
        return True
    return vouched_by is not None and is_tied(case.ties, (agency_id, vouched_by))


def new_since(registered_at: datetime, now: datetime) -> datetime | None:
    """Return since when somebody is new, or None for who is not any more."""
    return registered_at if now - registered_at < NEW_FOR else None


def readers(case: CaseFacts, agency_id: str) -> frozenset[str] | None:
    """Return which workers alone may read for an agency in this case; None: no such limit.

    Grants are derived from it: an agency for which nobody may read holds no key.
    """
    ties = case.ties
    member = case.members.get(agency_id)
    standing: frozenset[Worker] | None = None
    if is_shut(case, agency_id):
        standing = _stand_ins(case, agency_id)
    if ties.is_counter and member is not None and member.kind in SUPPORT:
        side = ties.here - ties.there
        standing = side if standing is None else standing & side
    if standing is None:
        return None
    return frozenset(worker for agency, worker in standing - tied(ties) if agency == agency_id)


def has_stand_in(case: CaseFacts, agency_id: str) -> bool:
    """Whether somebody of an agency was named, or may take the chair, and is not tied."""
    standing = _stand_ins(case, agency_id) - tied(case.ties)
    return any(agency == agency_id for agency, _ in standing)


def for_grants(case: CaseFacts) -> CaseFacts:
    """Return a case as its grants are derived: who of an agency reads it makes no difference.

    Which of two accused a worker supports, and who of an agency is in the room, is decided with
    each reading. Were it decided here, a referral that accuses somebody back would leave less
    behind than another, and its sender could tell.
    """
    members = {
        agency_id: replace(member, in_room=None) if member.in_room is not None else member
        for agency_id, member in case.members.items()
    }
    return replace(case, ties=replace(case.ties, is_counter=False), members=members)


def reader(case: CaseFacts, agency_id: str, kind: AgencyKind) -> Caller:
    """Return an agency as whoever may read for it: unattended, or one of those who alone may.

    What it may know is what its grants are derived from. Where nobody may read, nor does this.
    """
    alone = readers(case, agency_id)
    return Caller(agency_id, kind, "", worker_id=min(alone) if alone else None)


def needs_own_key(case: CaseFacts, agency_id: str) -> bool:
    """Whether what goes to an agency in this case is sealed to its reader's own key."""
    return is_shut(case, agency_id)


def may_settle(case: CaseFacts, caller: Caller) -> bool:
    """Whether a caller may name deputies, confirm newcomers and set others aside in a case.

    The coordinating agency, by a worker who is not tied; where the agency itself is shut, a chair.
    """
    member = case.members.get(caller.agency_id)
    if caller.worker_id is None or member is None or CaseRole.COORDINATOR not in member.roles:
        return False
    return refusal(case, caller) is None


def _stands_in(case: CaseFacts, caller: Caller) -> bool:
    who = (caller.agency_id, caller.worker_id or "")
    return who in _stand_ins(case, caller.agency_id)


def _stand_ins(case: CaseFacts, agency_id: str) -> frozenset[Worker]:
    """The deputies; for an agency that coordinates, unless it must not receive, its chairs too."""
    ties, member = case.ties, case.members.get(agency_id)
    coordinates = member is not None and CaseRole.COORDINATOR in member.roles
    alternates = ties.chairs if coordinates and agency_id not in case.conflicted else frozenset()
    return ties.deputies | alternates


def _is_left_out_of_staff_case(case: CaseFacts, caller: Caller) -> bool:
    if not case.ties.is_restricted or _stands_in(case, caller):
        return False
    member = case.members.get(caller.agency_id)
    return member is None or not member.roles & _IN_STAFF_CASES


def _is_on_one_side(ties: Ties, caller: Caller) -> bool:
    who = (caller.agency_id, caller.worker_id or "")
    return who in ties.here and who not in ties.there
