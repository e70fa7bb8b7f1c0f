"""Who is left out of a case: bars only grow, conditions are lifted by few, none is routed past."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.profiles.routes import load_routing
from gateway.rules.disclosure import decide, highest
from gateway.rules.facts import (
    Allowed,
    Caller,
    ConsentDecision,
    Membership,
    Narrowing,
    SectionFacts,
    Standing,
)
from gateway.rules.limits import (
    Limits,
    broken_by,
    conditions_of,
    in_danger,
    joined,
    of_document,
    of_position,
    usable,
)
from gateway.rules.routing import route
from gateway.schemas.codes import (
    AgencyKind,
    CaseRole,
    Category,
    Danger,
    Duty,
    Need,
    Outcome,
    Purpose,
    Recipient,
    RecordKind,
)
from tests.rules.cases import AGENCY, MATRIX, a_case
from tests.rules.tables import read

TABLE = load_routing(read("routing"))
USABLE = {
    each.agency_id: Standing(each.agency_id, each.kind, each.area)
    for each in TABLE.agencies.values()
}
SENDER = "harbourgate-homes"
AGENCIES = sorted(TABLE.agencies)
_KINDS = st.frozensets(st.sampled_from(list(AgencyKind)), max_size=4)
_IDS = st.frozensets(st.sampled_from(AGENCIES), max_size=4)
# Without a coordinator there is no conference: forms refuse to leave that kind out.
_SAYABLE = _KINDS.map(lambda kinds: kinds - {AgencyKind.COORDINATOR, AgencyKind.AUDITOR})
LIMITS = st.builds(Limits, _SAYABLE, _IDS, _KINDS, _SAYABLE, _IDS)
NO_COORDINATOR = st.frozensets(
    st.sampled_from([a for a in AGENCIES if USABLE[a].kind is not AgencyKind.COORDINATOR])
)
DECISIONS = st.builds(
    ConsentDecision,
    rule=st.just("R0"),
    outcome=st.sampled_from(list(Outcome)),
    share_with=st.frozensets(st.sampled_from(list(Recipient))),
    duties=st.frozensets(st.sampled_from(list(Duty))),
    must_record=st.frozensets(st.sampled_from(list(RecordKind))),
)


def left_out(limits: Limits) -> set[tuple[str, AgencyKind]]:
    """Every agency and kind that the limits leave out."""
    pairs = [(agency, kind) for agency in [*AGENCIES, "another"] for kind in AgencyKind]
    return {pair for pair in pairs if limits.leave_out(*pair)}


def barred(limits: Limits) -> Limits:
    """The bars alone."""
    return Limits(barred_kinds=limits.barred_kinds, barred_agencies=limits.barred_agencies)


@given(LIMITS, LIMITS, st.booleans())
def test_bars_only_grow(old: Limits, new: Limits, may_lift: bool) -> None:
    after = left_out(joined(old, new, may_lift=may_lift))
    assert left_out(barred(old)) | left_out(barred(new)) <= after


@given(LIMITS, LIMITS)
def test_who_may_not_lift_only_adds(old: Limits, new: Limits) -> None:
    after = joined(old, new, may_lift=False)
    assert after.kinds >= old.kinds | new.kinds
    assert after.agencies >= old.agencies | new.agencies
    if not new.overridden_kinds:
        assert left_out(after) >= left_out(old)


@given(LIMITS, LIMITS)
def test_who_may_lift_replaces_the_conditions_and_no_bar(old: Limits, new: Limits) -> None:
    after = joined(old, new, may_lift=True)
    assert (after.kinds, after.agencies) == (new.kinds, new.agencies)
    assert after.barred_kinds >= old.barred_kinds
    assert after.barred_agencies >= old.barred_agencies


@given(LIMITS, LIMITS, LIMITS)
def test_joining_is_monotone_and_in_any_order(one: Limits, two: Limits, three: Limits) -> None:
    def both(a: Limits, b: Limits) -> Limits:
        return joined(a, b, may_lift=False)

    assert both(one, two) == both(two, one)
    assert both(both(one, two), three) == both(one, both(two, three))
    assert both(one, one) == one


@given(LIMITS, st.sampled_from(list(Danger)), DECISIONS)
def test_danger_breaks_conditions_about_kinds_that_the_rule_names_and_nothing_else(
    limits: Limits, danger: Danger, decision: ConsentDecision
) -> None:
    after = in_danger(limits, danger, decision)
    assert left_out(after) >= left_out(barred(limits))
    assert (after.kinds, after.agencies) == (limits.kinds, limits.agencies)
    broken = after.overridden_kinds - limits.overridden_kinds
    assert {kind.name for kind in broken} <= {each.name for each in decision.recipients}
    if danger is not Danger.IMMINENT_LIFE:
        assert after == limits
    elif Recipient.POLICE in decision.recipients:
        assert AgencyKind.POLICE not in after.kinds - after.overridden_kinds


@given(LIMITS, st.frozensets(st.sampled_from(list(Recipient))), st.sampled_from(TABLE.areas))
def test_a_left_out_agency_is_never_routed_to(
    limits: Limits, wanted: frozenset[Recipient], area: str
) -> None:
    """But as the last resort: then the wall of the disclosure rule keeps it out."""
    for needs in (frozenset[Need](), frozenset(Need)):
        for found in route(TABLE, wanted, area, needs, usable(USABLE, limits)):
            is_out = limits.leave_out(found.agency_id, USABLE[found.agency_id].kind)
            assert not is_out or found.because == "last-resort"


@given(NO_COORDINATOR, st.frozensets(st.sampled_from(list(Recipient))))
def test_while_one_coordinator_is_left_no_left_out_agency_is_routed_to_at_all(
    agencies: frozenset[str], wanted: frozenset[Recipient]
) -> None:
    limits = Limits(barred_agencies=agencies)
    found = route(TABLE, wanted, "MARLBURY", frozenset(), usable(USABLE, limits))
    assert {each.agency_id for each in found}.isdisjoint(agencies)
    assert {each.recipient for each in found} == wanted


@given(LIMITS)
def test_only_the_left_out_become_unusable(limits: Limits) -> None:
    for agency, standing in usable(USABLE, limits).items():
        assert standing.is_conflicted is limits.leave_out(agency, standing.kind)
        assert (standing.kind, standing.area) == (USABLE[agency].kind, USABLE[agency].area)


@given(LIMITS, st.sampled_from(list(AgencyKind)), st.sampled_from(list(CaseRole)))
def test_a_left_out_agency_is_granted_nothing_whatever_its_role(
    limits: Limits, kind: AgencyKind, role: CaseRole
) -> None:
    case = a_case(
        Membership(AGENCY, kind, frozenset({role}), is_present=True),
        excluded_kinds=limits.kinds,
        excluded_agencies=limits.agencies,
        overridden_kinds=limits.overridden_kinds,
        barred_kinds=limits.barred_kinds,
        conflicted=limits.barred_agencies,
    )
    caller = Caller(AGENCY, kind, "MARLBURY")
    if limits.leave_out(AGENCY, kind):
        assert highest(case, caller, MATRIX).shown == {}
        assert not any(isinstance(decide(case, caller, p, MATRIX), Allowed) for p in Purpose)


@pytest.mark.parametrize("where", ["excluded_agencies", "conflicted"])
def test_an_agency_left_out_by_name_is_granted_nothing(where: str) -> None:
    member = Membership(AGENCY, AgencyKind.IDVA, frozenset({CaseRole.IDVA}))
    caller = Caller(AGENCY, AgencyKind.IDVA, "MARLBURY")
    open_case, shut = a_case(member), a_case(member, **{where: frozenset({AGENCY})})
    assert highest(open_case, caller, MATRIX).shown
    assert highest(shut, caller, MATRIX).shown == {}


# --- what a document says -----------------------------------------------------------------------

PLAIN = ConsentDecision("R5a", Outcome.ALLOW, frozenset(), frozenset(), frozenset())
NEEDED = ConsentDecision(
    "R6", Outcome.ALLOW_OVERRIDE, frozenset(), frozenset(), frozenset({RecordKind.OVERRIDE})
)


def a_document(**changes: Any) -> dict[str, Any]:
    conditions = [{"excludes_kind": "PRIMARY_CARE"}, {"excludes_agency": "a"}, {"text": "no"}]
    return {
        "consent_record": {"conditions": conditions},
        "conflict_check": {"answer": "NO"},
        "override_record": {
            "breaks_conditions": [{"excludes_kind": "PRIMARY_CARE"}, {"excludes_agency": "a"}]
        },
        "must_not_receive": [{"agency_id": "a"}, {"agency_kind": "ACUTE"}, {"name": "Kay"}],
        **changes,
    }


def test_an_override_breaks_conditions_only_where_the_decision_rests_on_it() -> None:
    stands = of_document(a_document(), PLAIN, sender=SENDER)
    broken = of_document(a_document(), NEEDED, sender=SENDER)
    assert stands.leave_out("x", AgencyKind.PRIMARY_CARE)
    assert not broken.leave_out("x", AgencyKind.PRIMARY_CARE)
    assert stands.agencies == {"a"}
    assert broken.agencies == frozenset()


@pytest.mark.parametrize("decision", [PLAIN, NEEDED])
def test_an_override_never_breaks_a_bar(decision: ConsentDecision) -> None:
    limits = of_document(a_document(), decision, sender=SENDER)
    assert limits.leave_out("a", AgencyKind.OTHER)
    assert limits.leave_out("x", AgencyKind.ACUTE)


@pytest.mark.parametrize(
    ("answer", "is_barred"), [("YES", True), ("NO", False), ("UNKNOWN", False)]
)
def test_where_the_perpetrator_works_is_barred_if_the_check_says_so(
    answer: str, is_barred: bool
) -> None:
    people = [{"ref": "p1", "agency_id": "b"}, {"ref": "p2"}]
    document = a_document(conflict_check={"answer": answer, "people": people})
    limits = of_document(document, PLAIN, sender=SENDER)
    assert limits.leave_out("b", AgencyKind.LA_HOUSING) is is_barred


def test_a_sender_does_not_bar_itself() -> None:
    document = a_document(must_not_receive=[{"agency_id": SENDER}])
    assert of_document(document, PLAIN, sender=SENDER).barred_agencies == frozenset()


def test_a_later_position_states_conditions_and_bars_nobody() -> None:
    limits = of_position({"conditions": [{"excludes_kind": "ACUTE"}, {"excludes_agency": "a"}]})
    assert limits == Limits(frozenset({AgencyKind.ACUTE}), frozenset({"a"}))


# --- limits on purposes and classes of data -------------------------------------------------------

HOUSING = Narrowing(kind=AgencyKind.LANDLORD, category=Category.D10)
ROWS: list[tuple[dict[str, str], Narrowing]] = [
    ({"excludes_kind": "LANDLORD", "excludes_category": "D10"}, HOUSING),
    ({"excludes_purpose": "P8"}, Narrowing(purpose=Purpose.P8)),
    (
        {"excludes_agency": "a", "excludes_purpose": "P7"},
        Narrowing(agency="a", purpose=Purpose.P7),
    ),
]


@pytest.mark.parametrize(("row", "narrow"), ROWS)
def test_F46_F48_a_limit_that_names_a_purpose_or_class_leaves_nobody_out_of_the_rest(
    row: dict[str, str], narrow: Narrowing
) -> None:
    limits = of_position({"conditions": [row]})
    assert limits == Limits(narrowed=frozenset({narrow}))
    assert left_out(limits) == set()
    assert conditions_of(limits) == {narrow}
    assert broken_by(limits, [row]).broken == {narrow}


NARROW = st.frozensets(
    st.builds(
        Narrowing,
        st.none() | st.sampled_from(list(AgencyKind)),
        st.none(),
        st.none() | st.sampled_from(list(Purpose)),
        st.sampled_from(list(Category)),
    ),
    max_size=4,
)


@given(NARROW, NARROW, st.booleans())
def test_F48_limits_on_classes_stand_until_they_are_lifted(
    old: frozenset[Narrowing], new: frozenset[Narrowing], may_lift: bool
) -> None:
    after = joined(Limits(narrowed=old), Limits(narrowed=new), may_lift=may_lift)
    assert after.narrowed == (new if may_lift else old | new)


@given(NARROW, st.sampled_from(list(Danger)), DECISIONS)
def test_danger_breaks_limits_about_kinds_that_the_rule_names(
    narrow: frozenset[Narrowing], danger: Danger, decision: ConsentDecision
) -> None:
    after = in_danger(Limits(narrowed=narrow), danger, decision)
    assert after.narrowed == narrow
    named = {each.name for each in decision.recipients}
    wanted = {n for n in narrow if n.kind and n.kind.name in named}
    assert after.broken == (wanted if danger is Danger.IMMINENT_LIFE else set())


@pytest.mark.parametrize("kind", list(AgencyKind))
@pytest.mark.parametrize("purpose", list(Purpose))
def test_F46_F47_F48_a_limit_takes_exactly_what_it_names(
    kind: AgencyKind, purpose: Purpose
) -> None:
    """For every kind and purpose: each class kept from it goes, and nothing else moves."""
    member = Membership(AGENCY, kind, frozenset({CaseRole.IDVA, CaseRole.NAMED}), is_present=True)
    caller = Caller(AGENCY, kind, "MARLBURY")
    plain = decide(a_case(member), caller, purpose, MATRIX)
    is_exempt = kind in (AgencyKind.COORDINATOR, AgencyKind.AUDITOR)
    for category in Category:
        narrow = Narrowing(kind=kind, purpose=purpose, category=category)
        kept = {name for name, of in MATRIX.section_category.items() if of is category}
        after = decide(a_case(member, narrowed=frozenset({narrow})), caller, purpose, MATRIX)
        if isinstance(plain, Allowed):
            assert isinstance(after, Allowed)
            gone = set() if is_exempt else kept
            assert after.levels == {n: v for n, v in plain.levels.items() if n not in gone}
            assert after.own == plain.own
        else:
            assert after == plain
        for other in (
            Narrowing(kind=AgencyKind.OTHER, category=category),
            Narrowing(agency="another", category=category),
            Narrowing(purpose=next(p for p in Purpose if p is not purpose), category=category),
        ):
            if other.kind is not kind:
                case = a_case(member, narrowed=frozenset({other}))
                assert decide(case, caller, purpose, MATRIX) == plain


@pytest.mark.parametrize("kind", list(AgencyKind))
def test_F46_a_limit_on_a_purpose_shuts_the_case_for_that_purpose_alone(kind: AgencyKind) -> None:
    member = Membership(AGENCY, kind, frozenset({CaseRole.IDVA, CaseRole.NAMED}))
    caller = Caller(AGENCY, kind, "MARLBURY")
    is_exempt = kind in (AgencyKind.COORDINATOR, AgencyKind.AUDITOR)
    for purpose, asked in product(Purpose, Purpose):
        case = a_case(member, narrowed=frozenset({Narrowing(purpose=purpose)}))
        before = decide(a_case(member), caller, asked, MATRIX)
        after = decide(case, caller, asked, MATRIX)
        if purpose is not asked or is_exempt:
            assert after == before
        else:
            assert not isinstance(after, Allowed) or not after.levels


def test_what_an_override_breaks_stays_broken_and_an_agency_it_names_is_let_in() -> None:
    old = Limits(agencies=frozenset({"a", "b"}), narrowed=frozenset({HOUSING}))
    broken = broken_by(old, [{"excludes_agency": "a"}, ROWS[0][0]])
    assert broken.agencies == {"b"}
    assert joined(broken, Limits(), may_lift=False).broken == {HOUSING}
    assert joined(Limits(), broken, may_lift=False).broken == {HOUSING}


def test_F48_nobody_is_kept_from_what_it_contributed_itself() -> None:
    name, category = next(iter(MATRIX.section_category.items()))
    member = Membership(AGENCY, AgencyKind.IDVA, frozenset({CaseRole.IDVA}))
    caller = Caller(AGENCY, AgencyKind.IDVA, "MARLBURY")
    own = (SectionFacts(name, AGENCY), SectionFacts(name, "another"))
    narrow = frozenset({Narrowing(category=category)})
    after = decide(a_case(member, sections=own, narrowed=narrow), caller, Purpose.P1, MATRIX)
    assert isinstance(after, Allowed)
    assert name in after.own
    assert name not in after.levels
