"""Owns `gateway import`: an area's cases of the last twelve months, from a spreadsheet."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.agencies import directory
from gateway.cli.office import Office, failing_plainly
from gateway.cli.progress import Progress
from gateway.errors import NotFound
from gateway.flows import referrals
from gateway.ledger import begin, reading_registry
from gateway.profiles.columns import load_columns
from gateway.profiles.loader import Profiles
from gateway.rules.facts import Caller
from gateway.schemas import sheets
from gateway.schemas.problem import PROBLEM_TEXTS
from gateway.schemas.sheets import Fault

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
AT_A_TIME = 25  # rows of one transaction


@click.command("import")
@click.argument("sheet", type=_FILE)
@click.option("--agency", "agency_id", required=True, help="The area's coordinating agency.")
@click.option("--worker", "worker_id", required=True, help="Its coordinator, for the access log.")
@click.option("--columns", type=_FILE, help="A file of headings, if they are not the usual ones.")
@click.option("--go", is_flag=True, help="Take them over; without it they are only checked.")
@click.pass_obj
def take_over(
    office: Office, sheet: Path, agency_id: str, worker_id: str, columns: Path | None, go: bool
) -> None:
    """Take over the cases of SHEET (CSV or XLSX), so that repeats and flags are right at once.

    Every fault is told by row, column and code; with any, nothing is taken over. A row that was
    taken over before is nothing new.
    """
    with failing_plainly():
        mapped = load_columns(columns)
        rows, faults = sheets.interpret(sheets.read_rows(sheet.name, sheet.read_bytes()), mapped)
        caller = _caller(office, agency_id, worker_id)
        profiles = Profiles.load(office.settings.profiles)
    with (
        failing_plainly(),
        begin(office.sessions, office.keys, caller, office.clock(), profiles=profiles) as work,
    ):
        faults += referrals.check_rows(work, rows)
    _tell(faults)
    if faults or not go:
        click.echo(f"{len(rows)} rows could be taken over; nothing was.")
        raise SystemExit(1 if faults else 0)
    progress, taken = Progress("taken over", len(rows)), 0
    for start in range(0, len(rows), AT_A_TIME):
        part = rows[start : start + AT_A_TIME]
        with (
            failing_plainly(),
            begin(office.sessions, office.keys, caller, office.clock(), profiles=profiles) as work,
        ):
            new, changed = referrals.import_rows(work, part)
        taken += new
        _tell(changed)
        progress.add(len(part))
    click.echo(f"new: {taken}; known already: {len(rows) - taken}")


def _tell(faults: list[Fault]) -> None:
    for each in sorted(faults, key=lambda fault: (fault.row, fault.column)):
        click.echo(f"row {each.row}, {each.column}: {each.code}: {PROBLEM_TEXTS[each.code]}")


def _caller(office: Office, agency_id: str, worker_id: str) -> Caller:
    with reading_registry(office.sessions) as session:
        found = directory.standing(session).get(agency_id)
    if found is None:
        raise NotFound("There is no such agency.")
    return Caller(agency_id, found.kind, found.area, worker_id=worker_id)
