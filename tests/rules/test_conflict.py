"""The conflict wall, over its whole domain against a second statement of it in plain words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from gateway.rules import conflict
from gateway.rules.disclosure import decide
from gateway.rules.facts import Caller, CaseFacts, Refused, Ties, Worker
from gateway.schemas.codes import AgencyKind, CaseRole, Purpose
from tests.rules.cases import AGENCY, MATRIX, a_caller, a_case, a_member, sections

OPENED = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
ME, COLLEAGUE, ADMIN = (AGENCY, "me"), (AGENCY, "colleague"), (AGENCY, "admin")
STRANGER = ("another-agency", "me")
KINDS = (AgencyKind.COORDINATOR, AgencyKind.IDVA, AgencyKind.POLICE, AgencyKind.LA_HOUSING)
ROLES = (CaseRole.COORDINATOR, CaseRole.IDVA, CaseRole.NAMED, CaseRole.RESEARCH)
BOOLS = (False, True)


def who(*workers: Worker) -> frozenset[Worker]:
    return frozenset(workers)


def a_walled_case(kind: AgencyKind, *roles: CaseRole, **ties: object) -> CaseFacts:
    """Everything in it is the agency's own: what refuses it, refuses all."""
    case = a_case(a_member(kind, *roles, is_present=True), sections=sections(owner=AGENCY))
    return replace(case, ties=Ties(opened_at=OPENED, **ties))  # type: ignore[arg-type]


def me(kind: AgencyKind = AgencyKind.LA_HOUSING, **changes: object) -> Caller:
    return a_caller(kind, worker_id="me", **changes)


# --- the whole domain ----------------------------------------------------------


def expected(
    *,
    kind: AgencyKind,
    role: CaseRole,
    attended: bool,
    hit: bool,
    excluded: bool,
    lifted: bool,
    colleague: bool,
    barred: bool,
    deputy: bool,
    chair: bool,
    restricted: bool,
) -> bool:
    """Whether the wall stands, said again from the domain's own rules."""
    tied = attended and (excluded or (hit and not lifted))
    if tied:
        return True
    # Ties of a colleague, or of the worker who does not call now, shut the whole agency.
    shut = barred or colleague or excluded or (hit and not lifted)
    in_place = attended and (deputy or (chair and role is CaseRole.COORDINATOR and not barred))
    if shut and not in_place:
        return True
    outsider = role is CaseRole.RESEARCH
    named = attended and (deputy or (chair and role is CaseRole.COORDINATOR and not barred))
    return restricted and outsider and not named


@pytest.mark.parametrize(("kind", "role"), list(product(KINDS, ROLES)))
def test_F65_T02_the_wall_over_its_whole_domain(kind: AgencyKind, role: CaseRole) -> None:
    walls = 0
    for facts in product(BOOLS, repeat=9):
        attended, hit, excluded, lifted, colleague, barred, deputy, chair, restricted = facts
        case = a_walled_case(
            kind,
            role,
            hits=who(*([ME] if hit else []), *([COLLEAGUE] if colleague else [])),
            excluded=who(*([ME] if excluded else [])),
            lifted=who(*([ME] if lifted else [])),
            deputies=who(*([ME] if deputy else [])),
            chairs=who(*([ME] if chair else [])),
            is_restricted=restricted,
        )
        case = replace(case, conflicted=frozenset({AGENCY} if barred else ()))
        caller = me(kind) if attended else a_caller(kind)
        refused = conflict.refusal(case, caller)
        walled = expected(
            kind=kind,
            role=role,
            attended=attended,
            hit=hit,
            excluded=excluded,
            lifted=lifted,
            colleague=colleague,
            barred=barred,
            deputy=deputy,
            chair=chair,
            restricted=restricted,
        )
        assert (refused is not None) is walled, facts
        assert refused is None or refused in conflict.WALLED
        if walled:
            walls += 1
            # No purpose, role, presence or authorship undoes it.
            for purpose in (Purpose.P1, Purpose.P9, Purpose.P10):
                assert decide(case, caller, purpose, MATRIX) == Refused(str(refused))
    assert 0 < walls < 2**9


def test_T02_the_wall_does_not_need_the_case_to_be_the_callers() -> None:
    """It comes first: who is tied and has no part is refused for the tie, and logged with it."""
    case = replace(a_walled_case(AgencyKind.LA_HOUSING, hits=who(ME)), members={})
    assert decide(case, me(), Purpose.P7, MATRIX) == Refused(conflict.CONFLICT)


def test_a_worker_of_the_same_name_elsewhere_is_somebody_else() -> None:
    case = a_walled_case(AgencyKind.LA_HOUSING, CaseRole.RESEARCH, hits=who(STRANGER))
    assert conflict.refusal(case, me()) is None
    assert conflict.refusal(case, a_caller(AgencyKind.LA_HOUSING)) is None


# --- newcomers ----------------------------------------------------------


@pytest.mark.parametrize(
    ("registered", "now", "is_walled"),
    [
        (OPENED - timedelta(days=1), OPENED + timedelta(hours=1), False),  # there before the case
        (OPENED, OPENED + timedelta(hours=1), False),  # not after it
        (OPENED + timedelta(seconds=1), OPENED + timedelta(hours=1), True),
        (OPENED + timedelta(days=1), OPENED + timedelta(days=15, seconds=-1), True),
        (OPENED + timedelta(days=1), OPENED + timedelta(days=15), False),  # no longer new
    ],
)
def test_a_newcomer_opens_nothing_until_confirmed(
    registered: datetime, now: datetime, is_walled: bool
) -> None:
    caller = me(new_since=conflict.new_since(registered, now))
    case = a_walled_case(AgencyKind.LA_HOUSING, CaseRole.RESEARCH)
    expected = conflict.UNCONFIRMED if is_walled else None
    assert conflict.refusal(case, caller) == expected
    assert conflict.refusal(replace(case, ties=Ties(OPENED, confirmed=who(ME))), caller) is None


def test_whom_a_tied_administrator_let_in_opens_nothing_until_confirmed() -> None:
    case = a_walled_case(
        AgencyKind.LA_HOUSING, CaseRole.RESEARCH, hits=who(ADMIN), deputies=who(ME)
    )
    caller = me(vouched_by="admin")
    assert conflict.refusal(case, caller) == conflict.UNCONFIRMED
    confirmed = replace(case, ties=replace(case.ties, confirmed=who(ME)))
    assert conflict.refusal(confirmed, caller) is None
    assert conflict.refusal(case, me(vouched_by="somebody")) is None


def test_confirming_a_newcomer_lifts_no_tie() -> None:
    case = a_walled_case(AgencyKind.LA_HOUSING, CaseRole.RESEARCH, hits=who(ME), confirmed=who(ME))
    assert conflict.refusal(case, me()) == conflict.CONFLICT


# --- two who accuse each other ----------------------------------------------------------


@pytest.mark.parametrize("kind", list(AgencyKind))
@pytest.mark.parametrize(("here", "there"), list(product(BOOLS, repeat=2)))
def test_counter_allegation_who_supports_one_does_not_see_the_other(
    kind: AgencyKind, here: bool, there: bool
) -> None:
    case = a_walled_case(
        kind,
        CaseRole.IDVA,
        is_counter=True,
        here=who(ME) if here else who(),
        there=who(ME) if there else who(),
    )
    is_support = kind in (AgencyKind.IDVA, AgencyKind.REFUGE)
    refused = conflict.refusal(case, me(kind))
    assert refused == (conflict.COUNTER if is_support and not (here and not there) else None)
    unattended = conflict.refusal(case, a_caller(kind))
    assert unattended == (conflict.COUNTER if is_support else None)


# --- who may read for an agency ----------------------------------------------------------


def test_who_reads_for_an_agency_is_one_of_those_who_alone_may() -> None:
    kind = AgencyKind.LA_HOUSING
    shut = a_walled_case(
        kind, CaseRole.RESEARCH, hits=who(COLLEAGUE), deputies=who(ME, ADMIN, STRANGER)
    )
    assert conflict.reader(shut, AGENCY, kind) == Caller(AGENCY, kind, "", worker_id="admin")
    without = a_walled_case(kind, CaseRole.RESEARCH, hits=who(COLLEAGUE))
    for case in (without, a_walled_case(kind, CaseRole.RESEARCH)):
        assert conflict.reader(case, AGENCY, kind) == Caller(AGENCY, kind, "", worker_id=None)
    assert conflict.has_stand_in(shut, AGENCY)
    assert not conflict.has_stand_in(shut, "a-third-agency")
    assert not conflict.has_stand_in(without, AGENCY)
    office = a_walled_case(
        AgencyKind.COORDINATOR, CaseRole.COORDINATOR, hits=who(COLLEAGUE), chairs=who(ME)
    )
    assert conflict.has_stand_in(office, AGENCY)
    tied = a_walled_case(kind, CaseRole.RESEARCH, hits=who(COLLEAGUE, ME), deputies=who(ME))
    assert not conflict.has_stand_in(tied, AGENCY)


def test_grants_do_not_see_which_of_two_accused_a_worker_supports() -> None:
    case = a_walled_case(
        AgencyKind.IDVA, CaseRole.IDVA, is_counter=True, here=who(ME), hits=who(COLLEAGUE)
    )
    derived = conflict.for_grants(case)
    assert derived == replace(case, ties=replace(case.ties, is_counter=False))
    assert not derived.ties.is_counter


def test_grants_follow_the_wall() -> None:
    """`readers` names exactly those whom `refusal` lets through."""
    workers = ("me", "colleague", "admin")
    for kind, role in product(KINDS, ROLES):
        for hits, deputies, chairs, here in product(
            (who(), who(ME), who(COLLEAGUE, ADMIN)), (who(), who(ME), who(ADMIN)), (who(), who(ME)),
            (who(), who(ME)),
        ):  # fmt: skip
            case = a_walled_case(
                kind, role, hits=hits, deputies=deputies, chairs=chairs, here=here,
                is_counter=bool(here),
            )  # fmt: skip
            may = conflict.readers(case, AGENCY)
            let = {
                each
                for each in workers
                if conflict.refusal(case, a_caller(kind, worker_id=each)) is None
            }
            if may is None:
                assert conflict.refusal(case, a_caller(kind)) is None
            else:
                assert may == let
                assert conflict.refusal(case, a_caller(kind)) is not None


def test_only_the_coordinating_agency_settles_and_where_it_is_shut_a_chair() -> None:
    kind = AgencyKind.COORDINATOR
    case = a_walled_case(kind, CaseRole.COORDINATOR)
    assert conflict.may_settle(case, me(kind))
    assert not conflict.may_settle(case, a_caller(kind))  # unattended
    assert not conflict.may_settle(a_walled_case(kind, CaseRole.IDVA), me(kind))
    assert not conflict.may_settle(replace(case, members={}), me(kind))
    shut = a_walled_case(kind, CaseRole.COORDINATOR, hits=who(COLLEAGUE))
    assert not conflict.may_settle(shut, me(kind))
    chaired = replace(shut, ties=replace(shut.ties, chairs=who(ME, COLLEAGUE)))
    assert conflict.may_settle(chaired, me(kind))
    assert not conflict.may_settle(chaired, a_caller(kind, worker_id="colleague"))


def test_a_deputy_reads_with_its_own_key_and_nobody_else_needs_one() -> None:
    case = a_walled_case(AgencyKind.LA_HOUSING, CaseRole.RESEARCH, hits=who(COLLEAGUE))
    assert conflict.needs_own_key(case, AGENCY)
    assert not conflict.needs_own_key(case, "another-agency")
