"""Commands for agencies: register after comparing thumbprints, list, suspend, resume."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from gateway.agencies import registry
from gateway.agencies.registry import Thumbprints
from gateway.cli.office import Office, failing_plainly
from gateway.flows import agencies
from gateway.schemas.codes import AgencyKind, Custody
from gateway.schemas.strict_json import parse

_Kind = click.Choice([kind.value for kind in AgencyKind], case_sensitive=False)
_Custody = click.Choice([custody.value for custody in Custody], case_sensitive=False)
_GROUP = 4  # characters read aloud at a time


@click.group("agency")
def agency() -> None:
    """Agencies: who may call this gateway."""


@agency.command("add")
@click.argument("agency_id", metavar="ID")
@click.argument("name")
@click.option("--kind", type=_Kind, required=True, help="What kind of partner it is.")
@click.option("--area", required=True, help="The area it works in.")
@click.option(
    "--jwks",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Its public key set, as `gateway-client keys new` wrote it.",
)
@click.option("--custody", type=_Custody, default="OWN", show_default=True, help="Who holds them.")
@click.option("--yes", is_flag=True, help="The thumbprints have been compared already.")
@click.option(
    "--answer",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Where to write the enrolment answer for the agency; default: print it.",
)
@click.pass_obj
def add(
    office: Office,
    agency_id: str,
    name: str,
    kind: str,
    area: str,
    file: Path | None,
    custody: str,
    yes: bool,
    answer: Path | None,
) -> None:
    """Register an agency under ID and NAME.

    Compare both thumbprints with the agency by telephone, on a number you looked up yourself.
    """
    jwks = _read(file, custody)
    if jwks is not None and not yes:
        with failing_plainly():
            show(registry.thumbprints(jwks))
        click.confirm("Did the agency read out the same thumbprints?", abort=True)
    with office.work() as work:
        made = agencies.register(
            work,
            agency_id=agency_id,
            name=name,
            kind=AgencyKind(kind.upper()),
            area=area,
            custody=Custody(custody.upper()),
            jwks=jwks,
        )
    click.echo(f"registered: {agency_id}")
    if jwks is None or yes:
        show(made.thumbprints)
    click.echo(f"scopes: {' '.join(sorted(made.scopes))}")
    if answer is None:
        click.echo(f"enrolment answer, for the agency alone:\n{made.answer}")
    else:
        answer.write_text(made.answer + "\n", encoding="ascii")
        click.echo(f"enrolment answer: {answer.name}")


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


def show(prints: Thumbprints) -> None:
    """Print thumbprints in groups that can be read aloud."""
    for word, values in (("to sign", prints.sig), ("to encrypt", prints.enc)):
        for value in values:
            click.echo(f"thumbprint of the key {word}:\n  {' '.join(_groups(value))}")


def _groups(value: str) -> Iterable[str]:
    return (value[start : start + _GROUP] for start in range(0, len(value), _GROUP))


def _read(file: Path | None, custody: str) -> dict[str, Any] | None:
    if (file is None) != (custody.upper() == Custody.HOSTED):
        raise click.UsageError("Custody OWN needs --jwks; for custody HOSTED keys are made here.")
    if file is None:
        return None
    with failing_plainly():
        jwks = parse(file.read_bytes())
    if not isinstance(jwks, dict):
        raise click.ClickException("The file is not a key set.")
    return jwks
