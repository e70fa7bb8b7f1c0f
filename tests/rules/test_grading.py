"""What a referral says to the rules: from the document alone, and always as it protects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.profiles.areas import Area
from gateway.rules.consent import ConsentTable, decide
from gateway.rules.criteria import is_criminal
from gateway.rules.facts import RiskGrade
from gateway.rules.grading import (
    age_band,
    assessment,
    assessments,
    capacity,
    child_concern,
    consent_facts,
    criteria_met,
    dated_events,
    has_stalking,
    reconsidered,
    records_present,
    risk_level,
)
from gateway.rules.matching import RepeatRule
from gateway.rules.risk import Instrument, grade, pick
from gateway.schemas.codes import (
    AgeBand,
    Answer,
    Capacity,
    ChildConcern,
    Criterion,
    Position,
    ProfessionalLevel,
    RecordKind,
    RepeatDefinition,
    RiskLevel,
)
from tests.rules.documents import DASH_ITEMS, ON, a_document, an_assessment, an_incident, heard

LAST_YEAR = date(2025, 11, 20)
NOT_ASSESSED = {"absent": "UNSAFE_TO_ASK"}
C = Criterion


@pytest.fixture
def graded(instruments: Mapping[str, Instrument]) -> Any:
    def grades(document: dict[str, Any]) -> tuple[RiskGrade, ...]:
        return tuple(grade(pick(instruments, a.instrument), a) for a in assessments(document))

    return grades


@pytest.fixture
def met(graded: Any, marlbury: Area) -> Any:
    def criteria(document: dict[str, Any], repeat: RepeatRule | None = None) -> set[Criterion]:
        return set(
            criteria_met(
                document,
                graded(document),
                marlbury.criteria,
                repeat or marlbury.repeat,
                area="MARLBURY",
                on=ON,
            )
        )

    return criteria


# --- assessments ------------------------------------------------------------------------------


def test_an_assessment_becomes_facts() -> None:
    (facts,) = assessments(a_document())

    assert (facts.instrument, facts.assessed_on) == ("DASH_RIC@1", ON)
    assert facts.professional_level is ProfessionalLevel.NONE
    assert list(facts.answers) == DASH_ITEMS
    assert list(facts.answers.values()).count(Answer.YES) == 16


def test_a_reason_instead_of_an_assessment_gives_none() -> None:
    assert assessments(a_document(risk_assessments=NOT_ASSESSED)) == ()


def test_V38_an_item_answered_twice_keeps_the_yes() -> None:
    for values in (("YES", "NO"), ("NO", "YES"), ("DONT_KNOW", "YES"), ("YES", "NOT_ASKED")):
        form = an_assessment(0)
        form["answers"] = [{"item_id": "DASH15", "value": value} for value in values]
        assert assessment(form).answers == {"DASH15": Answer.YES}


# --- age --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("born", "precision", "expected"),
    [
        (date(2010, 11, 21), "DAY", "U16"),  # 16 tomorrow
        (date(2010, 11, 20), "DAY", "16_17"),
        (date(2008, 11, 21), "DAY", "16_17"),
        (date(2008, 11, 20), "DAY", "18PLUS"),
        (date(2010, 11, 1), "MONTH", "16_17"),  # may be either side of 16
        (date(2010, 12, 1), "MONTH", "U16"),
        (date(2008, 11, 1), "MONTH", "16_17"),  # may be either side of 18
        (date(2010, 1, 1), "YEAR", "16_17"),
        (date(2011, 1, 1), "YEAR", "U16"),
        (date(2008, 6, 1), "YEAR", "16_17"),
        (date(2007, 6, 1), "YEAR", "18PLUS"),
        (date(2010, 6, 1), "ESTIMATED", "16_17"),
        (date(2012, 6, 1), "ESTIMATED", "U16"),
        (date(1991, 6, 1), "ESTIMATED", "18PLUS"),
    ],
)
def test_age_is_read_as_it_protects(born: date, precision: str, expected: str) -> None:
    document = a_document(victim__dob={"value": born}, victim__dob_precision=precision)
    assert age_band(document, ON) == expected


def test_a_leap_day_child_is_16_from_1_march() -> None:
    document = a_document(victim__dob={"value": date(2012, 2, 29)})
    assert age_band(document, date(2028, 2, 28)) is AgeBand.U16
    assert age_band(document, date(2028, 2, 29)) is AgeBand.AGE_16_17
    document = a_document(victim__dob={"value": date(2010, 2, 28)})
    assert age_band(document, date(2026, 2, 28)) is AgeBand.AGE_16_17


def test_a_missing_date_of_birth_never_keeps_a_case_from_the_conference() -> None:
    unknown = a_document(victim__dob={"absent": "UNKNOWN"})
    assert age_band(unknown, ON) is AgeBand.AGE_18PLUS


def test_a_missing_date_of_birth_leaves_the_stated_need_to_decide() -> None:
    unknown = a_document(victim__dob={"absent": "UNKNOWN"}, referral__needs=["AGE_16_17"])
    assert age_band(unknown, ON) is AgeBand.AGE_16_17


@given(
    st.dates(min_value=date(1930, 1, 1), max_value=date(2026, 11, 20)),
    st.sampled_from(["MONTH", "YEAR", "ESTIMATED"]),
)
def test_doubt_about_age_never_takes_the_conference_away(born: date, precision: str) -> None:
    exact = age_band(a_document(victim__dob={"value": born}), ON)
    document = a_document(victim__dob={"value": born}, victim__dob_precision=precision)
    if exact is not AgeBand.U16:
        assert age_band(document, ON) is not AgeBand.U16


# --- children, capacity, needs ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("stated", "statuses", "expected"),
    [
        ("NONE", (), "NONE"),
        ("NONE", ("NONE", "UNKNOWN", "EARLY_HELP"), "NONE"),
        ("NONE", ("NONE", "CIN"), "IN_NEED"),
        ("NONE", ("CIN", "CP"), "SIGNIFICANT_HARM"),
        ("IN_NEED", ("CP",), "SIGNIFICANT_HARM"),
        ("IN_NEED", ("NONE",), "IN_NEED"),
        ("SIGNIFICANT_HARM", ("NONE",), "SIGNIFICANT_HARM"),
        ("SIGNIFICANT_HARM", ("CIN",), "SIGNIFICANT_HARM"),
    ],
)
def test_a_childs_standing_raises_the_concern_and_never_lowers_it(
    stated: str, statuses: tuple[str, ...], expected: str
) -> None:
    children = [{"ref": f"c{n}", "csc_status": each} for n, each in enumerate(statuses)]
    document = a_document(children_concern=stated, children=children or {"none": True})
    assert child_concern(document) == expected


@pytest.mark.parametrize(
    ("stated", "coercion", "expected"),
    [
        ("HAS", "NO", "HAS"),
        ("HAS", "UNKNOWN", "HAS"),
        ("HAS", "YES", "DOUBT"),
        ("DOUBT", "NO", "DOUBT"),
        ("DOUBT", "YES", "DOUBT"),
        ("LACKS", "NO", "LACKS"),
        ("LACKS", "YES", "LACKS"),
    ],
)
def test_suspected_coercion_makes_capacity_doubtful(
    stated: str, coercion: str, expected: str
) -> None:
    assert capacity({"capacity": stated, "coercion_concern": coercion}) == expected


# --- criteria ---------------------------------------------------------------------------------


def test_the_score_decides_on_visible_high_risk(met: Any) -> None:
    for yes, expected in ((13, set()), (14, {C.VISIBLE_HIGH_RISK})):
        document = a_document(risk_assessments={"value": [an_assessment(yes)]})
        assert met(document) == expected


def test_a_claim_without_a_score_shows_no_high_risk(met: Any) -> None:
    assert met(a_document(risk_assessments=NOT_ASSESSED)) == set()


def test_twenty_yes_and_a_human_standard_stays_high(met: Any, graded: Any) -> None:
    document = a_document(risk_assessments={"value": [an_assessment(20, judged="STANDARD")]})
    assert met(document) == {C.VISIBLE_HIGH_RISK}
    assert risk_level(met(document), graded(document)) is RiskLevel.HIGH


def test_V38_judgement_below_the_score_is_a_criterion(met: Any) -> None:
    judged = {"value": [an_assessment(9, 8, judged="HIGH")]}
    assert met(a_document(risk_assessments=judged)) == {C.PROFESSIONAL_JUDGEMENT}
    claimed = a_document(
        risk_assessments={"value": [an_assessment(4)]},
        referral__criteria=["PROFESSIONAL_JUDGEMENT"],
    )
    assert met(claimed) == {C.PROFESSIONAL_JUDGEMENT}


def test_judgement_beside_a_high_score_is_no_second_criterion(met: Any) -> None:
    document = a_document(risk_assessments={"value": [an_assessment(16, judged="HIGH")]})
    assert met(document) == {C.VISIBLE_HIGH_RISK}


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ([ON, ON, ON], True),
        ([ON, ON], False),
        ([ON, ON, LAST_YEAR], True),
        ([ON, ON, LAST_YEAR - timedelta(days=1)], False),
        ([ON, ON, None], True),
    ],
)
def test_three_events_in_twelve_months_escalate(
    met: Any, days: list[date | None], expected: bool
) -> None:
    document = a_document(
        risk_assessments=NOT_ASSESSED, incidents=[an_incident(day) for day in days]
    )
    assert (C.POTENTIAL_ESCALATION in met(document)) is expected


def test_an_event_dated_by_its_year_counts_if_any_of_its_days_would(met: Any) -> None:
    old = an_incident(date(2025, 1, 1), precision="YEAR")
    document = a_document(incidents=[an_incident(), an_incident(), old])
    assert C.POTENTIAL_ESCALATION in met(document)


def test_a_claim_of_escalation_stands(met: Any) -> None:
    document = a_document(
        risk_assessments=NOT_ASSESSED, referral__criteria=["POTENTIAL_ESCALATION"]
    )
    assert met(document) == {C.POTENTIAL_ESCALATION}


@pytest.mark.parametrize(
    ("changes", "shows"),
    [
        ({"referral__criteria": ["HONOUR_BASED"]}, True),
        ({"referral__needs": ["HBA"]}, True),
        ({"incidents": [an_incident(ON, "HONOUR_BASED")]}, True),
        ({}, False),
    ],
)
def test_honour_based_abuse_is_a_criterion_only_where_the_area_says_so(
    graded: Any, met: Any, marlbury: Area, changes: dict[str, Any], shows: bool
) -> None:
    document = a_document(**changes)
    automatic = replace(marlbury.criteria, honour_based=True)
    found = criteria_met(
        document, graded(document), automatic, marlbury.repeat, area="MARLBURY", on=ON
    )

    assert (C.HONOUR_BASED in found) is shows
    assert C.HONOUR_BASED not in met(document)


def test_a_yes_on_the_honour_screen_shows_honour_based_abuse(graded: Any, marlbury: Area) -> None:
    screen = {
        "instrument": "HDASH@1",
        "assessed_on": ON,
        "answers": [{"item_id": "HDASH05", "value": "YES"}],
        "level_professional": "NONE",
    }
    document = a_document(risk_assessments={"value": [screen]})
    automatic = replace(marlbury.criteria, honour_based=True)
    assert criteria_met(
        document, graded(document), automatic, marlbury.repeat, area="MARLBURY", on=ON
    ) == {C.HONOUR_BASED}


# --- earlier conferences, as the referrer tells of them ---------------------------------------

FOUR_MONTHS_AGO = date(2026, 7, 20)
THIRTEEN_MONTHS_AGO = date(2025, 10, 20)


def test_F85_a_hearing_four_months_ago_elsewhere_is_repeat_and_transfer(met: Any) -> None:
    document = a_document(referral__previous_marac=heard(("FENHOLLOW", FOUR_MONTHS_AGO)))
    assert met(document) == {C.VISIBLE_HIGH_RISK, C.MARAC_REPEAT, C.TRANSFER_IN}


def test_F85_a_hearing_here_is_no_transfer(met: Any) -> None:
    document = a_document(referral__previous_marac=heard(("MARLBURY", FOUR_MONTHS_AGO)))
    assert met(document) == {C.VISIBLE_HIGH_RISK, C.MARAC_REPEAT}


def test_F85_thirteen_months_on_it_is_new_whatever_was_ticked(met: Any) -> None:
    document = a_document(
        referral__previous_marac=heard(("MARLBURY", THIRTEEN_MONTHS_AGO)),
        referral__criteria=["VISIBLE_HIGH_RISK", "MARAC_REPEAT", "TRANSFER_IN"],
    )
    assert met(document) == {C.VISIBLE_HIGH_RISK}


@pytest.mark.parametrize(
    ("kinds", "definition", "expected"),
    [
        (("INDIRECT_CONTACT",), RepeatDefinition.ANY_ABUSE, True),
        (("INDIRECT_CONTACT",), RepeatDefinition.CRIMINAL_TYPE, False),
        (("INDIRECT_CONTACT", "THREAT"), RepeatDefinition.CRIMINAL_TYPE, True),
        (("OTHER",), RepeatDefinition.CRIMINAL_TYPE, True),
    ],
)
def test_F85_a_message_through_his_sister_repeats_under_the_current_wording(
    met: Any,
    marlbury: Area,
    kinds: tuple[str, ...],
    definition: RepeatDefinition,
    expected: bool,
) -> None:
    document = a_document(
        referral__previous_marac=heard(("FENHOLLOW", FOUR_MONTHS_AGO)),
        incidents=[an_incident(ON, *kinds)],
    )
    rule = replace(marlbury.repeat, definition=definition)
    assert (C.MARAC_REPEAT in met(document, rule)) is expected


def test_F85_a_hearing_without_a_date_protects(met: Any) -> None:
    said = {"value": {"heard": True}}
    assert C.MARAC_REPEAT in met(a_document(referral__previous_marac=said))
    assert C.MARAC_REPEAT not in met(
        a_document(referral__previous_marac={"value": {"heard": False}})
    )
    claimed = a_document(referral__criteria=["MARAC_REPEAT", "TRANSFER_IN"])
    assert met(claimed) >= {C.MARAC_REPEAT, C.TRANSFER_IN}


def test_F85_an_incident_without_a_date_is_read_as_now(met: Any) -> None:
    for when, expected in ((FOUR_MONTHS_AGO, True), (THIRTEEN_MONTHS_AGO, False)):
        document = a_document(
            referral__previous_marac=heard(("MARLBURY", when)), incidents=[an_incident(None)]
        )
        assert (C.MARAC_REPEAT in met(document)) is expected


def test_conduct_of_an_unnamed_kind_is_not_known_to_be_harmless() -> None:
    assert is_criminal(["THREAT", "DISPUTE"]) is True
    assert is_criminal(["DISPUTE"]) is False
    assert is_criminal(["DISPUTE", "OTHER"]) is None
    assert is_criminal([]) is None


# --- level ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([an_assessment(13)], "MEDIUM"),
        ([an_assessment(5)], "STANDARD"),
        ([an_assessment(0)], "STANDARD"),
        ([an_assessment(5, 19)], "UNASSESSED"),  # too much unknown to call it standard
        ([an_assessment(5, 5)], "STANDARD"),
        ([an_assessment(5, 6)], "UNASSESSED"),
        ([an_assessment(5, 6, judged="STANDARD")], "UNASSESSED"),
        ([an_assessment(5, 6, judged="MEDIUM")], "MEDIUM"),
        ([an_assessment(10, 14)], "MEDIUM"),
        ([an_assessment(5), an_assessment(12)], "MEDIUM"),
        ([an_assessment(5, 19), an_assessment(5)], "STANDARD"),
        ([], "UNASSESSED"),
    ],
)
def test_the_level_without_a_criterion(
    graded: Any, given: list[dict[str, Any]], expected: str
) -> None:
    document = a_document(risk_assessments={"value": given} if given else NOT_ASSESSED)
    assert risk_level((), graded(document)) == expected


def test_a_score_below_a_stricter_threshold_is_medium(graded: Any, marlbury: Area) -> None:
    stricter = replace(marlbury.criteria, visible_high_risk={"DASH_RIC@1": 17})
    document = a_document()  # 16
    criteria = criteria_met(
        document, graded(document), stricter, marlbury.repeat, area="MARLBURY", on=ON
    )
    assert criteria == frozenset()
    assert risk_level(criteria, graded(document)) is RiskLevel.MEDIUM


def test_a_screen_alone_assesses_no_level(graded: Any) -> None:
    screen = {
        "instrument": "SDASH@1",
        "assessed_on": ON,
        "answers": [{"item_id": f"SDASH{n:02}", "value": "NO"} for n in range(1, 12)],
        "level_professional": "NONE",
    }
    document = a_document(risk_assessments={"value": [screen]})
    assert risk_level((), graded(document)) is RiskLevel.UNASSESSED
    screen["level_professional"] = "STANDARD"
    assert risk_level((), graded(document)) is RiskLevel.STANDARD


@given(st.integers(0, 24), st.sampled_from(ProfessionalLevel), st.frozensets(st.sampled_from(C)))
def test_V38_a_criterion_or_a_human_high_is_never_lowered(
    instruments: Mapping[str, Instrument],
    yes: int,
    judged: ProfessionalLevel,
    criteria: frozenset[Criterion],
) -> None:
    facts = assessment(an_assessment(yes, judged=judged))
    level = risk_level(criteria, [grade(instruments["DASH_RIC@1"], facts)])
    if criteria:
        assert level is RiskLevel.HIGH
    if judged in (ProfessionalLevel.MEDIUM, ProfessionalLevel.HIGH):
        assert level in (RiskLevel.HIGH, RiskLevel.MEDIUM)


# --- the seven inputs -------------------------------------------------------------------------


def test_F44_the_inputs_of_the_decision_are_read_from_the_referral(
    graded: Any, met: Any, consent: ConsentTable
) -> None:
    document = a_document(
        victim__position="WITHHELD",
        victim__care_support_needs={"value": {"answer": True}},
        consent_record__coercion_concern="YES",
        children=[{"ref": "c1", "csc_status": "CP"}],
    )
    facts = consent_facts(document, graded(document), criteria=met(document), on=ON)

    assert facts.position is Position.WITHHELD
    assert facts.risk is RiskLevel.HIGH
    assert facts.child is ChildConcern.SIGNIFICANT_HARM
    assert facts.capacity is Capacity.DOUBT
    assert facts.care_needs is True
    decision = decide(consent, facts)
    assert decision.rule == "R6"
    assert decision.recipients == {"IDVA", "CSC", "ASC"}


def test_F44_a_new_position_is_decided_anew(graded: Any, met: Any, consent: ConsentTable) -> None:
    document = a_document(referral__danger="IMMINENT_LIFE")
    before = consent_facts(document, graded(document), criteria=met(document), on=ON)
    said = {"position": "WITHDRAWN", "capacity": "HAS", "coercion_concern": "NO"}

    assert decide(consent, before).rule == "R1a"
    assert decide(consent, reconsidered(before, said)).rule == "R1b"


def test_a_care_need_that_is_not_stated_is_not_invented(graded: Any, met: Any) -> None:
    document = a_document(victim__care_support_needs={"absent": "UNKNOWN"})
    facts = consent_facts(document, graded(document), criteria=met(document), on=ON)
    assert facts.care_needs is False


def test_standard_risk_without_agreement_is_not_shared(
    graded: Any, met: Any, consent: ConsentTable
) -> None:
    document = a_document(
        victim__position="WITHHELD", risk_assessments={"value": [an_assessment(5)]}
    )
    facts = consent_facts(document, graded(document), criteria=met(document), on=ON)
    assert decide(consent, facts).outcome == "NO_SHARE"


@pytest.mark.parametrize(
    ("changes", "there"),
    [
        ({}, {RecordKind.SHARE, RecordKind.POSITION, RecordKind.RISK_ASSESSMENT}),
        (
            {"victim__position": "UNRECORDED", "risk_assessments": NOT_ASSESSED},
            {RecordKind.SHARE},
        ),
        (
            {"override_record": {"authoriser": {}}, "consent_record__capacity_notes": "x"},
            set(RecordKind) - {RecordKind.CONSULT_LEAD, RecordKind.DECISION_NOTE},
        ),
    ],
)
def test_F51_the_records_a_referral_carries(
    changes: dict[str, Any], there: set[RecordKind]
) -> None:
    assert records_present(a_document(**changes)) == there


# --- what an agenda needs ---------------------------------------------------------------------


def test_dated_events_are_found_in_order() -> None:
    document = a_document(
        perpetrators=[
            {"ref": "p1", "custody": {"release_on": date(2026, 11, 26)}},
            {"ref": "p2", "custody": {"court_on": date(2026, 11, 24), "release_on": None}},
        ],
        orders=[{"type": "NMO", "ends_on": date(2026, 12, 30)}, {"hearing_on": date(2026, 12, 1)}],
    )
    assert [day.day for day in dated_events(document)] == [24, 26, 1, 30]
    assert dated_events(a_document()) == ()


def test_stalking_is_seen_in_an_incident_or_the_screen(graded: Any) -> None:
    quiet, followed = a_document(), a_document(incidents=[an_incident(ON, "STALKING")])
    assert not has_stalking(quiet, graded(quiet))
    assert has_stalking(followed, graded(followed))
