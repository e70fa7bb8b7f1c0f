"""`gateway profiles`: a change of tables is told in plain words, and none is left out."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli.profiles import profiles
from gateway.rules.boxes import boxes
from gateway.rules.changes import ANY, SightChange, Tables, roles_of, sight_changes
from gateway.rules.consent import ConsentTable, decide, every_combination
from gateway.rules.disclosure import decide as disclose
from gateway.rules.facts import CaseFacts
from gateway.rules.matrix import Matrix
from gateway.schemas.codes import AgencyKind, CaseState, Category, Level, Purpose, Stage
from tests.rules.cases import MATRIX, SECTIONS, a_caller, a_case, a_member, approved, levels
from tests.rules.tables import FOLDER

STATES = {
    Stage.BEFORE_LISTING: (CaseState.TRIAGE, False),
    Stage.RESEARCH: (CaseState.RESEARCH, False),
    Stage.MEETING: (CaseState.READY, True),
    Stage.AFTER: (CaseState.HEARD, False),
    Stage.MONITORING: (CaseState.MONITORING, False),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped tables, to be changed."""
    copy = tmp_path / "tables"
    shutil.copytree(FOLDER, copy, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return copy


def edit(path: Path, *changes: tuple[str, str]) -> None:
    text = path.read_text()
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    path.write_text(text)


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(profiles, [str(each) for each in arguments])
    return done.exit_code, done.output


def said(old: Path, new: Path, *more: str) -> list[str]:
    code, output = run("diff", old, new, *more)
    assert code == 0, output
    return output.splitlines()


# --- check ------------------------------------------------------------------------------------


def test_F82_the_shipped_tables_are_judged_safe_and_their_versions_named() -> None:
    code, output = run("check", FOLDER)
    assert code == 0
    assert "Marlbury from 2026-02-05:" in output
    assert output.endswith("every invariant holds over the whole domain\n")


@pytest.mark.parametrize("name", ["matrix", "consent", "routing", "legal", "areas/marlbury"])
def test_a_single_table_is_judged_in_the_place_of_the_shipped_one(name: str) -> None:
    assert run("check", FOLDER / f"{name}.toml")[0] == 0


@pytest.mark.parametrize(
    ("name", "change", "named"),
    [
        ("matrix", ('"S#language",', '"C",'), "D15/COORDINATOR|D15/POLICE"),
        (
            "consent",
            ('[{ to = "MARAC" }, { to = "IDVA" }, {', '[{ to = "IDVA" }, {'),
            "consent row R4a: high risk does not reach",
        ),
        ("routing", ('role = "COORDINATOR"', 'role = "IDVA"'), "M-MARAC: not the role"),
        ("areas/marlbury", ('"DASH_RIC@1", min = 14', '"DASH_RIC@1", min = 99'), "no answers to"),
    ],
)
def test_a_broken_table_is_refused_by_its_row(
    tmp_path: Path, name: str, change: tuple[str, str], named: str
) -> None:
    path = tmp_path / "mine.toml"
    shutil.copy(FOLDER / f"{name}.toml", path)
    edit(path, change)
    code, output = run("check", path)
    assert code == 1
    assert output.startswith("Error: ")
    assert any(each in output for each in named.split("|"))


def test_a_file_that_is_no_table_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "poem.toml"
    path.write_text('roses = "red"')
    assert run("check", path) == (
        1,
        "Error: poem: is no consent table, matrix, routing table, area or catalogue\n",
    )


# --- diff -------------------------------------------------------------------------------------


def test_the_same_tables_change_nothing(folder: Path) -> None:
    assert said(FOLDER, folder) == ["Nothing would change."]


def test_a_cell_that_gives_more_is_told_with_stage_purpose_and_rule(folder: Path) -> None:
    edit(
        folder / "matrix.toml",
        ('"C", "-", "F?CHILD_THERE", "S", "S", "-",', '"C", "-", "F?CHILD_THERE", "F", "S", "-",'),
    )
    reading = "for every purpose they may state, whenever they read at all"
    assert said(FOLDER, folder) == [
        "What is seen (need-to-know matrix)",
        "- Landlords would see more: 'children: identity, school' (D06, only children and "
        "minutes_children) in full instead of a summary, at the research stage, "
        f"{reading} (R1a, R1b, R4a, R5a, R5b, R6).",
        "- Landlords would see more: 'children: identity, school' (D06) in full instead of a "
        f"summary, at the meeting for those in the room, {reading} (R1a, R1b, R4a, R5a, R5b, R6).",
        "",
    ]
    assert said(folder, FOLDER)[1].startswith("- Landlords would see less: 'children")


def test_a_condition_and_a_purpose_are_told_in_words(folder: Path) -> None:
    edit(
        folder / "matrix.toml",
        (
            '"F", "F", "F?CHILD_THERE", "F", "F", "S",',
            '"F", "F", "F?CHILD_THERE S@P3", "F", "F", "S",',
        ),
    )
    lines = said(FOLDER, folder)
    assert lines[1].startswith(
        "- Schools and colleges would newly see 'victim identity' (D01) as a summary, at the "
        "meeting for those in the room, for P3 child safety, if not (a child of the case goes to "
        "this school or college, or the victim does), whenever"
    )


def test_another_stage_limit_and_another_purpose_are_told(folder: Path) -> None:
    edit(
        folder / "matrix.toml",
        ('at_most = { D26 = "F" }', 'at_most = { D25 = "I", D26 = "F" }'),
        ('PERP_PROGRAMME = ["P1", "P5", "P6", "P9"]', 'PERP_PROGRAMME = ["P1", "P5", "P6"]'),
    )
    lines = said(FOLDER, folder)
    assert "- Programmes for perpetrators may no longer state P9 coordinate." in lines
    assert any(
        "Police" in line and "(D25" in line and "as an indicator, while monitored" in line
        for line in lines
    )
    assert any(
        line.startswith("- Programmes for perpetrators would no longer see")
        and "for P9 coordinate" in line
        for line in lines
    )


def test_a_consent_row_that_tells_somebody_else_is_told_with_its_combinations(folder: Path) -> None:
    edit(
        folder / "consent.toml",
        ('{ to = "IDVA" }, { to = "ASC" }]', '{ to = "IDVA" }]'),
    )
    lines = said(FOLDER, folder)
    assert lines[:5] == [
        "Who may be told (consent table)",
        "- In 60 of 3,888 combinations (R4a): adult social care would be told by duty alone.",
        "  where position is GIVEN, WITHHELD, WITHDRAWN, NOT_SOUGHT_UNSAFE or NOT_SOUGHT_UNABLE, "
        "risk is HIGH, danger is NONE or SERIOUS, capacity is LACKS, age is 16_17 or 18PLUS, "
        "care_needs is True",
        "- In 60 of 3,888 combinations (R4a): adult social care would no longer be told.",
        "  where position is GIVEN, WITHHELD, WITHDRAWN, NOT_SOUGHT_UNSAFE or NOT_SOUGHT_UNABLE, "
        "risk is HIGH, danger is NONE or SERIOUS, capacity is LACKS, age is 16_17 or 18PLUS, "
        "care_needs is False",
    ]
    assert any(
        "Adult social care would no longer see" in line
        and "unless consent is not recorded (R4a)" in line
        for line in lines
    )


def test_what_a_row_asks_to_be_recorded_is_told(folder: Path) -> None:
    edit(
        folder / "consent.toml",
        ("record_within_hours = 24", "record_within_hours = 12"),
        (
            'must_record = ["CAPACITY_NOTE"]\nclock = "CLK_RETURN_REPLY"',
            'must_record = ["CAPACITY_NOTE", "CONSULT_LEAD"]\nclock = "CLK_ESCALATE"',
        ),
    )
    lines = said(FOLDER, folder)
    assert "  hours the record may wait: 12 instead of 24" in lines
    assert "  to be recorded: CAPACITY_NOTE, CONSULT_LEAD instead of CAPACITY_NOTE" in lines
    assert "  to be dealt with by: CLK_ESCALATE instead of CLK_RETURN_REPLY" in lines


def test_an_outcome_that_lets_others_read_is_told(folder: Path) -> None:
    edit(folder / "matrix.toml", ('HOLD_RECORD = ["NAMED", "ALERTED"]', 'HOLD_RECORD = ["NAMED"]'))
    assert said(FOLDER, folder)[1:2] == [
        "- After HOLD_RECORD, whoever is to be alerted would no longer be."
    ]


def test_routing_is_told_by_area_recipient_and_need(folder: Path) -> None:
    edit(
        folder / "routing.toml",
        ('any_need = ["MALE"] #', 'any_need = ["MALE", "DISABILITY"] #'),
        ('"marlbury-gp", "marlbury-college",', '"marlbury-gp",'),
        ('phone = "01632 960110"', 'phone = "01632 960119"'),
    )
    lines = said(FOLDER, folder)
    assert lines[0] == "Where cases go (routing)"
    assert any(
        line.startswith("- In MARLBURY, cases for the IDVA service would go to marlbury-idva, then")
        and "with the need" in line
        and "DISABILITY" in line
        for line in lines
    )
    assert "- In MARLBURY, marlbury-college would no longer be asked for research." in lines
    assert "- marlbury-idva: phone would be 01632 960119 instead of 01632 960110." in lines


def test_an_areas_settings_are_told_as_what_they_newly_meet(folder: Path) -> None:
    edit(
        folder / "areas/marlbury.toml",
        ('"DASH_RIC@1", min = 14', '"DASH_RIC@1", min = 10'),
        ('"DASH_YP@1", min = 14', '"DASH_YP@1", min = 15'),
        ("events = 3", "events = 4"),
        ("honour_based = false", "honour_based = true"),
        ("months = 12\n\n[capacity]", "months = 6\n\n[capacity]"),
        ("cases = 16", "cases = 12"),
        ("CLK_CUTOFF = { working_days = 8", "CLK_CUTOFF = { working_days = 5"),
        ("opens = 09:00:00", "opens = 08:00:00"),
    )
    assert said(FOLDER, folder) == [
        "Settings of Marlbury",
        "- Marlbury: scores from 10 to 13 on DASH_RIC@1 would newly be visible high risk.",
        "- Marlbury: a score of 14 on DASH_YP@1 would no longer be visible high risk.",
        "- Marlbury: escalation would be met by 4 incidents within 12 months instead of 3 "
        "incidents within 12 months.",
        "- Marlbury: honour-based abuse would newly be a criterion by itself.",
        "- Marlbury, repeats: months would be 6 instead of 12.",
        "- Marlbury, capacity: cases would be 12 instead of 16.",
        "- Marlbury, CLK_CAP: 0 days, 12 times instead of 0 days, 16 times.",
        "- Marlbury, CLK_CUTOFF: 5 working days before instead of 8 working days before.",
        "- Marlbury, CLK_REPEAT: 6 months instead of 12 months.",
        "- Marlbury: working days would be another.",
        "",
    ]


def test_an_area_that_comes_or_goes_is_told(folder: Path) -> None:
    (folder / "areas/fenhollow.toml").unlink()
    assert said(FOLDER, folder)[0] == "FENHOLLOW: the area would no longer exist."
    assert said(folder, FOLDER)[0] == "FENHOLLOW: the area would newly exist."


def test_two_days_of_one_folder_differ_by_what_counts_then(folder: Path) -> None:
    text = (FOLDER / "matrix.toml").read_text().replace("2026-02-05", "2027-04-01")
    (folder / "matrix_2027.toml").write_text(
        text.replace(
            '"F", "F", "F", "F", "F", "F", "I", "I",', '"F", "F", "F", "F", "F", "I", "I", "I",'
        )
    )
    assert said(FOLDER, folder, "--on", "2027-03-31") == ["Nothing would change."]
    lines = said(FOLDER, folder, "--on", "2027-04-01")
    assert lines[1].startswith("- Adult social care would see less: 'conference flag, 12 months'")
    assert said(FOLDER, folder) == lines


# --- nothing is left out ----------------------------------------------------------------------


def test_boxes_hold_exactly_the_points() -> None:
    points = {(a, b, c) for a, b, c in product(range(3), range(3), range(3)) if (a + b) % 3 != c}
    found = [point for box in boxes(points) for point in product(*box)]
    assert len(found) == len(points)
    assert set(found) == points
    assert boxes([]) == ()


CHANGES: dict[str, Callable[[Matrix], Matrix]] = {
    "a cell": lambda m: replace(
        m,
        cells={
            **m.cells,
            (Category.D12, AgencyKind.LANDLORD): m.cells[Category.D12, AgencyKind.ASC],
        },
    ),
    "a condition": lambda m: replace(
        m,
        cells={
            **m.cells,
            (Category.D05, AgencyKind.LANDLORD): m.cells[Category.D17, AgencyKind.LANDLORD],
        },
    ),
    "a purpose": lambda m: replace(
        m, purposes={**m.purposes, AgencyKind.REFUGE: frozenset({Purpose.P2})}
    ),
    "a stage": lambda m: replace(
        m,
        stages={
            **m.stages,
            Stage.AFTER: replace(m.stages[Stage.AFTER], at_most={Category.D25: Level.SUMMARY}),
        },
    ),
    "the named": lambda m: replace(m, named=m.named - {Category.D18}),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_difference_of_the_real_decision_is_told_and_nothing_else(
    consent: ConsentTable, change: Callable[[Matrix], Matrix]
) -> None:
    """The report against the decision itself, asked of both tables point by point."""
    other = change(MATRIX)
    told = _told(sight_changes(Tables(consent, MATRIX), Tables(consent, other)))
    seen = _differences(consent, MATRIX, other)
    assert seen
    assert told == seen


# Kinds that the changes above touch, and some that they must not; purposes that cells tell apart.
ASKED = (AgencyKind.ASC, AgencyKind.LANDLORD, AgencyKind.REFUGE, AgencyKind.AUDITOR)
FOR = (Purpose.P2, Purpose.P6, Purpose.P7, Purpose.P10)
_Told = tuple[str, AgencyKind, str, Stage, bool, str, bool, Level, Level]


def _told(changes: tuple[SightChange, ...]) -> set[_Told]:
    """Return the points of a report; conditions all false or all true stand for the rest."""
    found: set[_Told] = set()
    for each in changes:
        for (rule, _), kind, section, stage, present, purpose, truth in product(
            each.rules,
            each.kinds & set(ASKED),
            each.sections,
            each.stages,
            each.present,
            FOR,
            (False, True),
        ):
            may_open = MATRIX.may_state(kind, purpose) and MATRIX.opens(section, purpose)
            is_met = not each.conditions or any(
                all(value is truth for _, value in one) for one in each.conditions
            )
            if is_met and (purpose in each.purposes or (may_open and ANY in each.purposes)):
                point = (rule, kind, section, stage, present, str(purpose), truth)
                found.add((*point, each.was, each.now))
    return found


def _differences(consent: ConsentTable, old: Matrix, new: Matrix) -> set[_Told]:
    """Ask the decision itself: which section shows otherwise, from where."""
    found: set[_Told] = set()
    decisions = {decide(consent, facts) for facts in every_combination()}
    for kind in ASKED:
        ways = {(each.rule, each.outcome, roles_of(kind, each)) for each in decisions}
        for (rule, outcome, roles), purpose, stage, present, truth in product(
            ways, FOR, STATES, (False, True), (False, True)
        ):
            conditions = frozenset(MATRIX.conditions) - {"PRESENT"} if truth else frozenset[str]()
            member = a_member(kind, *roles, is_present=present, conditions=conditions)
            state, sitting = STATES[stage]
            case = a_case(member, state=state, in_conference=sitting, outcome=outcome)
            was, now = (_shown(case, kind, purpose, matrix) for matrix in (old, new))
            for section in was.keys() | now.keys():
                levels_of = was.get(section, Level.NONE), now.get(section, Level.NONE)
                if levels_of[0] is not levels_of[1]:
                    point = (rule, kind, section, stage, present, str(purpose), truth)
                    found.add((*point, *levels_of))
    return found


def _shown(case: CaseFacts, kind: AgencyKind, purpose: Purpose, matrix: Matrix) -> dict[str, Level]:
    """Return what is shown, and what would be once it is approved."""
    at_once = levels(disclose(case, a_caller(kind), purpose, matrix))
    opened = replace(case, approved=approved(*SECTIONS))
    later = levels(disclose(opened, a_caller(kind), purpose, matrix))
    return {name: at_once.get(name, Level.CASE_BY_CASE) for name in later}
