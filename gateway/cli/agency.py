"""Commands for agencies that are there: list, suspend, resume, their keys; one operator does them.

What lets somebody in takes two: gateway.cli.enrolment.
"""

from __future__ import annotations

from pathlib import Path

import click

from gateway import ledger
from gateway.cli import enrolment
from gateway.cli.office import Office, failing_plainly
from gateway.cli.operator import as_operator, open_operator
from gateway.flows import agencies, people
from gateway.flows.notices import set_contact
from gateway.schemas.codes import Contact
from gateway.sealing import operators


@click.group("agency")
def agency() -> None:
    """Agencies: who may call this gateway."""


for command in enrolment.COMMANDS:
    agency.add_command(command)


@agency.command("list")
@click.pass_obj
def list_(office: Office) -> None:
    """Show all agencies."""
    with office.work() as work:
        rows = agencies.list_agencies(work)
    for row in rows:
        state = "suspended" if row.suspended_at else "active"
        click.echo("\t".join((row.area, row.id, row.kind, row.custody, state, row.name)))


@agency.command("suspend")
@click.argument("agency_id", metavar="ID")
@click.pass_obj
def suspend(office: Office, agency_id: str) -> None:
    """Stop an agency; it is refused from its next request on."""
    with office.work() as work:
        agencies.suspend(work, agency_id=agency_id)
    click.echo(f"suspended: {agency_id}")


@agency.command("resume")
@click.argument("agency_id", metavar="ID")
@click.pass_obj
def resume(office: Office, agency_id: str) -> None:
    """Let a suspended agency in again."""
    with office.work() as work:
        agencies.resume(work, agency_id=agency_id)
    click.echo(f"resumed: {agency_id}")


@agency.command("keys")
@click.argument("agency_id", metavar="ID")
@click.pass_obj
def keys(office: Office, agency_id: str) -> None:
    """Show every key that an agency has or had, with its dates."""
    with office.work() as work:
        lives = agencies.list_keys(work, agency_id=agency_id)
        now = work.now
    for life in lives:
        ends = min((end for end in (life.valid_until, life.ended_at) if end), default=None)
        state = "holds" if life.holds(now) else "ended"
        until = f"until {ends:%Y-%m-%d %H:%M}" if ends else "-"
        since = f"from {life.valid_from:%Y-%m-%d %H:%M}"
        click.echo("\t".join((life.use, state, since, until, life.kid)))


@agency.command("invite")
@click.argument("agency_id", metavar="ID")
@click.argument("worker_id", metavar="WORKER")
@as_operator
@click.option(
    "--second",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The private file of the second operator, who is at the desk, too.",
)
@click.pass_obj
def invite(
    office: Office, agency_id: str, worker_id: str, operator_file: Path, second: Path
) -> None:
    """Let WORKER keep the people of agency ID: prints a link that works once, for three days.

    Whoever follows it gives the other people of the agency their roles, and reads no case. It
    takes two operators, as letting in an agency does.
    """
    with failing_plainly():
        known = operators.load(office.settings.keys)
        said = people.asked_for(agency_id, worker_id, office.clock())
        first, other = (open_operator(file).state(said) for file in (operator_file, second))
    with office.work() as work:
        text = people.invite_administrator(
            work, agency_id, worker_id, proofs=(first, other), known=known
        )
    click.echo(f"{office.settings.base_url}/desk/link/{text}")


@agency.command("contact")
@click.argument("agency_id", metavar="ID")
@click.argument("contact", type=click.Choice([str(each) for each in Contact]))
@click.argument("address")
@click.pass_obj
def contact(office: Office, agency_id: str, contact: str, address: str) -> None:
    """Write down the mailbox of agency ID to which notices go: of a duty, not of a person.

    DUTY is read by whoever is on duty, LEAD by who leads the service, CHAIR by who chairs.
    """
    with office.work() as work:
        set_contact(work, agency_id=agency_id, contact=Contact(contact), address=address)
    click.echo(f"written down: {agency_id} {contact}")


# The id of a key may begin with a hyphen, as no option here does.
@agency.command("end-key", context_settings={"ignore_unknown_options": True})
@click.argument("agency_id", metavar="ID")
@click.argument("kid")
@click.pass_obj
def end_key(office: Office, agency_id: str, kid: str) -> None:
    """Stop the key KID at once, and every token that it asked for. One operator is enough."""
    with office.work() as work:
        agencies.end_key(work, agency_id=agency_id, kid=kid)
    click.echo(f"ended: {agency_id} {kid}")


@agency.command("check")
@click.pass_obj
def check(office: Office) -> None:
    """Check the register against two operators' signatures and the log; exit code 1 on a fault."""
    with failing_plainly():
        known = operators.load(office.settings.keys, ended=True)
    while ledger.sequence(office.sessions, office.keys, now=office.clock()):
        pass  # what was just done has its place in the log first
    with office.work() as work:
        found = agencies.check_register(work, known=known)
    for each in found:
        click.echo(f"{each.fault}: {each.agency_id} {each.kid or ''}".rstrip(), err=True)
    if found:
        raise SystemExit(1)
    click.echo("the register is as two operators approved it and the log shows it")


@agency.command("announce")
@click.pass_obj
def announce(office: Office) -> None:
    """Publish keys that were registered before partners could follow them in the log."""
    with office.work() as work:
        count = agencies.announce(work)
    click.echo(f"announced: {count}")
