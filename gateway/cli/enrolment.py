"""Commands that let an agency in or give it other keys: one operator asks, another approves."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from gateway.agencies import requested
from gateway.agencies.enrolment import acting
from gateway.agencies.keysets import Thumbprints
from gateway.agencies.requested import APPROVES, ASKS, Request
from gateway.cli.office import Office, failing_plainly
from gateway.cli.operator import as_operator, open_operator
from gateway.errors import UnsafeSettings
from gateway.flows import agencies
from gateway.schemas.codes import AgencyKind, Custody
from gateway.schemas.strict_json import parse
from gateway.sealing import operators

_Kind = click.Choice([kind.value for kind in AgencyKind], case_sensitive=False)
_Custody = click.Choice([custody.value for custody in Custody], case_sensitive=False)
_GROUP = 4  # characters read aloud at a time
_File = click.Path(exists=True, dir_okay=False, path_type=Path)
_jwks = click.option(
    "--jwks", "file", type=_File, help="The public key set, as `gateway-client keys new` wrote it."
)
_until = click.option(
    "--until", type=click.DateTime(["%Y-%m-%d"]), help="The day on which the keys end."
)
_yes = click.option("--yes", is_flag=True, help="The thumbprints have been compared already.")


@click.command("add")
@click.argument("agency_id", metavar="ID")
@click.argument("name")
@click.option("--kind", type=_Kind, required=True, help="What kind of partner it is.")
@click.option("--area", required=True, help="The area it works in.")
@click.option("--custody", type=_Custody, default="OWN", show_default=True, help="Who holds them.")
@_jwks
@_until
@_yes
@as_operator
@click.pass_obj
def add(
    office: Office,
    agency_id: str,
    name: str,
    kind: str,
    area: str,
    custody: str,
    file: Path | None,
    until: datetime | None,
    yes: bool,
    operator_file: Path,
) -> None:
    """Ask for an agency to be let in under ID and NAME; a second operator approves.

    Compare both thumbprints with the agency by telephone, on a number you looked up yourself.
    """
    with failing_plainly():
        asked = requested.registration(
            agency_id=agency_id,
            name=name,
            kind=AgencyKind(kind.upper()),
            area=area,
            custody=Custody(custody.upper()),
            now=office.clock(),
            jwks=_read(file),
            until=until.date() if until else None,
        )
    _ask(office, asked, operator_file, yes=yes)


@click.command("rekey")
@click.argument("agency_id", metavar="ID")
@click.option(
    "--overlap",
    type=click.IntRange(0, requested.LONGEST_OVERLAP),
    default=24,
    show_default=True,
    help="Hours after approval in which the present keys still hold.",
)
@_jwks
@_until
@_yes
@as_operator
@click.pass_obj
def rekey(
    office: Office,
    agency_id: str,
    overlap: int,
    file: Path | None,
    until: datetime | None,
    yes: bool,
    operator_file: Path,
) -> None:
    """Ask for other keys of the agency ID; a second operator approves.

    If the present key is in wrong hands, end it first: `gateway agency end-key`.
    """
    with failing_plainly():
        asked = requested.rekeying(
            agency_id=agency_id,
            now=office.clock(),
            jwks=_read(file),
            overlap=overlap,
            until=until.date() if until else None,
        )
    _ask(office, asked, operator_file, yes=yes)


@click.command("approve")
@click.argument("agency_id", metavar="ID")
@click.option(
    "--answer",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Where to write the enrolment answer for the agency; default: print it.",
)
@_yes
@as_operator
@click.pass_obj
def approve(
    office: Office, agency_id: str, answer: Path | None, yes: bool, operator_file: Path
) -> None:
    """Approve what another operator asked for the agency ID."""
    with office.work() as work:
        asked = agencies.read_request(work, agency_id=agency_id)
    _compare(asked, yes=yes)
    with failing_plainly():
        _make_room(answer)
        who = open_operator(operator_file)
        known = operators.load(office.settings.keys)
        proof = who.state(asked.statement(APPROVES, office.clock()))
    with office.work(acting(who.id)) as work:
        made = agencies.approve(work, agency_id=agency_id, proof=proof, known=known)
    click.echo(f"approved: {agency_id}")
    if not asked.content["keys"]:  # made here, just now
        show(made.thumbprints)
    click.echo(f"scopes: {' '.join(sorted(made.scopes))}")
    if answer is None:
        click.echo(f"enrolment answer, for the agency alone:\n{made.answer}")
    else:
        answer.write_text(made.answer + "\n", encoding="ascii")
        click.echo(f"enrolment answer: {answer.name}")


@click.command("withdraw")
@click.argument("agency_id", metavar="ID")
@click.pass_obj
def withdraw(office: Office, agency_id: str) -> None:
    """Close the open request for the agency ID; nobody is let in. One operator is enough."""
    with office.work() as work:
        agencies.withdraw(work, agency_id=agency_id)
    click.echo(f"withdrawn: {agency_id}")


@click.command("pending")
@click.pass_obj
def pending(office: Office) -> None:
    """Show what waits for a second operator."""
    with office.work() as work:
        rows = agencies.list_requests(work)
    for row in rows:
        dates = f"asked {row.asked_at:%Y-%m-%d}", f"lapses {row.expires_at:%Y-%m-%d}"
        click.echo("\t".join((row.agency_id, row.act, row.asked_by, *dates)))


COMMANDS = (add, rekey, approve, withdraw, pending)


def show(prints: Thumbprints) -> None:
    """Print thumbprints in groups that can be read aloud."""
    for word, values in (("to sign", prints.sig), ("to encrypt", prints.enc)):
        for value in values:
            click.echo(f"thumbprint of the key {word}:\n  {' '.join(_groups(value))}")


def _ask(office: Office, asked: Request, operator_file: Path, *, yes: bool) -> None:
    _compare(asked, yes=yes)
    with failing_plainly():
        who = open_operator(operator_file)
        known = operators.load(office.settings.keys)
        proof = who.state(asked.statement(ASKS, office.clock()))
    with office.work(acting(who.id)) as work:
        agencies.ask(work, asked, proof=proof, known=known)
    click.echo(f"asked: {asked.agency_id}")
    click.echo(f"another operator approves: gateway agency approve {asked.agency_id}")


def _compare(asked: Request, *, yes: bool) -> None:
    for name, value in asked.content.items():
        if name != "keys" and value not in (None, []):
            shown = " ".join(value) if isinstance(value, list) else value
            click.echo(f"{name.replace('_', ' ')}: {shown}")
    question = "Is that what was agreed?"  # for custody HOSTED keys are made here, none are shown
    if asked.content["keys"]:
        show(asked.thumbprints)
        question = "Did the agency read out the same thumbprints?"
    if not yes:
        click.confirm(question, abort=True)


def _make_room(file: Path | None) -> None:
    """Make the file that the answer goes to, before anything is done that cannot be undone.

    :raises UnsafeSettings: if it cannot be made.
    """
    try:
        if file is not None:
            file.touch(mode=0o600)
    except OSError:
        raise UnsafeSettings("The file for the answer cannot be written.") from None


def _groups(value: str) -> Iterable[str]:
    return (value[start : start + _GROUP] for start in range(0, len(value), _GROUP))


def _read(file: Path | None) -> dict[str, Any] | None:
    if file is None:
        return None
    jwks = parse(file.read_bytes())
    if not isinstance(jwks, dict):
        raise click.ClickException("The file is not a key set.")
    return jwks
