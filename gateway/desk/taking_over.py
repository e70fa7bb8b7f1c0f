"""Owns taking over the area's earlier cases: a spreadsheet, checked, then taken over."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response as Answer

from gateway.desk.entering import labels
from gateway.desk.guard import Visit, page
from gateway.desk.render import show
from gateway.errors import Invalid
from gateway.flows import referrals
from gateway.profiles.columns import load_columns
from gateway.schemas import sheets
from gateway.schemas.codes import Limited, PersonRole
from gateway.schemas.sheets import Earlier, Fault

COORDINATES = frozenset({PersonRole.COORDINATOR})
MOST = 600  # rows of one page: a year of a large area; more by the command
AT_A_TIME = 25
SHOWN = 100  # faults: who has more looks at the headings first


@page("/import", roles=COORDINATES)
def earlier_cases(visit: Visit) -> Answer:
    """Ask for the spreadsheet."""
    with visit.work() as work:
        referrals.check_rows(work, [])
    return _show(visit)


@page("/import", roles=COORDINATES, method="POST", takes=Limited.EXPORT)
def take_over(visit: Visit) -> Answer:
    """Check a spreadsheet, and take it over if nothing is wrong and that is what was asked."""
    sent, do = request.files.get("file"), request.form.get("do", "")
    if sent is None or not sent.filename:
        return _show(visit, said="Choose a file.")
    content = sent.stream.read(sheets.LARGEST + 1)
    try:
        rows, faults = sheets.interpret(sheets.read_rows(sent.filename, content), load_columns())
    except Invalid as error:
        return _show(visit, said=labels.SHEET_FAULTS[error.problems[0].code])
    if len(rows) > MOST:
        return _show(visit, said=f"A page takes {MOST} rows. Take it over in parts.")
    with visit.work() as work:
        faults += referrals.check_rows(work, rows)
    if faults or do != "go":
        return _show(visit, rows=rows, faults=faults, is_checked=True)
    taken, changed = _take(visit, rows)
    return _show(visit, rows=rows, faults=changed, taken=taken)


def _take(visit: Visit, rows: list[Earlier]) -> tuple[int, list[Fault]]:
    taken, changed = 0, list[Fault]()
    for start in range(0, len(rows), AT_A_TIME):
        with visit.work() as work:
            new, wrong = referrals.import_rows(work, rows[start : start + AT_A_TIME])
        taken += new
        changed += wrong
    return taken, changed


def _show(
    visit: Visit,
    *,
    said: str = "",
    rows: list[Earlier] | None = None,
    faults: list[Fault] | None = None,
    is_checked: bool = False,
    taken: int | None = None,
) -> Answer:
    told = sorted(faults or [], key=lambda each: (each.row, each.column))
    return show(
        "take_over",
        visit,
        status=422 if said or told else 200,
        said=said,
        rows=len(rows or []),
        faults=[(e.row, e.column, labels.FAULTS.get(e.code, e.code), e.code) for e in told[:SHOWN]],
        more=max(len(told) - SHOWN, 0),
        is_checked=is_checked,
        taken=taken,
        columns={name: heads[0] for name, heads in load_columns().items()},
        megabytes=sheets.LARGEST // 1_000_000,
    )
