"""Owns the floor of an agenda: thirty cases read, decided, recorded, ordered and rendered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench import primitives as p
from bench.floor import AT, Floor, unwrap
from bench.floor_facts import FACTS, NAMED, Case, Reader, decided, of_cases, opened, record_of
from bench.page import PAGE

_HERE = "WHERE r.case_id IN (SELECT case_id FROM conference_case WHERE conference_id = ?)"
_LISTED = f"{FACTS}{_HERE}"


def agenda(floor: Floor, conference: str, who: Reader) -> str:
    """Read the cases of a conference, decide, record, open what a line shows, order, and render."""
    floor.begin()
    asked = "SELECT c.starts_at FROM conference c JOIN conference_attendee a ON"
    attends = f"{asked} a.conference_id = c.id WHERE c.id = ? AND a.agency_id = ?"
    if not floor.run(attends, conference, who.agency):
        raise ValueError("attends")
    listed = floor.run(_LISTED, conference)
    cases = decided(floor, listed, who, NAMED)
    records = [record_of(floor, "agenda.read", case_id, case) for case_id, case in cases.items()]
    built = {**floor.pattern.records["agenda.built"], "facts": {"cases": len(cases)}}
    month = floor.run("SELECT wrapped FROM log_key WHERE subject = ?", AT[:7])[0][0]
    keys = {case_id: case.log_key for case_id, case in cases.items()}
    keys[AT[:7]] = unwrap(floor.master, month, "log", AT[:7])
    floor.log(keys, [*records, built])
    names = dict(floor.run("SELECT id, name FROM agency"))
    ids = list(cases)
    answers = "SELECT case_id, agency_id, outcome FROM acknowledgement WHERE case_id IN ({0})"
    taken = {case: outcome for case, _, outcome in of_cases(floor, answers, ids)}
    rows = [
        _line(floor, who, case_id, case, names, taken.get(case_id, "WAITING"))
        for case_id, case in cases.items()
    ]
    rows.sort(key=lambda row: (row["level"], -len(row["critical"]), row["reference"]))
    for place, row in enumerate(rows):
        row["time"] = f"{9 + place // 6:02}:{place % 6}0"
    page = PAGE.render(rows=rows, count=len(rows))
    floor.commit()
    return page


def _line(
    floor: Floor, who: Reader, case_id: str, case: Case, names: Mapping[str, str], idva: str
) -> dict[str, Any]:
    """What an agenda shows of a case."""
    ((_, _, identity),) = opened(floor, who, case_id, case)
    victim, grades = identity["victim"], p.load(case.facts[9])
    return {
        "label": f"{victim['given_names'][0]}.{victim['family_name'][0]}.",
        "reference": case.facts[1],
        "level": case.facts[8],
        "criteria": p.load(case.facts[12]),
        "score": f"{grades[0]['instrument']} {grades[0]['score']}/{grades[0]['maximum']}",
        "critical": grades[0]["critical"],
        "markers": p.load(case.facts[10]),
        "children": case.facts[11],
        "kind": "NEW",
        "referrer": "LANDLORD",
        "name": names[case.facts[15]],
        "place": "LEVEL",
        "idva": idva,
    }
