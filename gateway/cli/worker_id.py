"""Commands for worker ids: the people behind an agency, by opaque id."""

from __future__ import annotations

import click

from gateway.cli.office import Office
from gateway.flows import agencies


@click.group("worker-id")
def worker_id() -> None:
    """Worker ids: people who act for an agency. Never use a name as an id."""


@worker_id.command("add")
@click.argument("agency_id", metavar="AGENCY")
@click.argument("worker", metavar="ID")
@click.option("--chair", is_flag=True, help="This person chairs conferences.")
@click.option("--asked-by", "vouched_by", metavar="ID", help="The agency's worker who asked.")
@click.option("--team", metavar="ID", help="Of police, probation or children's services.")
@click.pass_obj
def add(
    office: Office,
    agency_id: str,
    worker: str,
    chair: bool,
    vouched_by: str | None,
    team: str | None,
) -> None:
    """Register the worker ID of AGENCY."""
    with office.work() as work:
        agencies.add_worker(
            work,
            agency_id=agency_id,
            worker_id=worker,
            is_chair=chair,
            vouched_by=vouched_by,
            team=team,
        )
    click.echo(f"added: {agency_id} {worker}")


@worker_id.command("suspend")
@click.argument("agency_id", metavar="AGENCY")
@click.argument("worker", metavar="ID")
@click.pass_obj
def suspend(office: Office, agency_id: str, worker: str) -> None:
    """Stop the worker ID of AGENCY; its tokens are refused from the next request on."""
    with office.work() as work:
        agencies.suspend_worker(work, agency_id=agency_id, worker_id=worker)
    click.echo(f"suspended: {agency_id} {worker}")
