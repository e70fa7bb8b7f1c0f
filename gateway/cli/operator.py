"""Commands for operators: a key of one's own, registered by whoever keeps the keys folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from gateway.agencies.enrolment import acting
from gateway.cli.office import Office, failing_plainly
from gateway.errors import Mismatch, Undecipherable
from gateway.flows import agencies
from gateway.sealing import operators
from gateway.sealing.keys import write_secret
from gateway.sealing.operators import Operator, Registered

PASSPHRASE = "GATEWAY_OPERATOR_PASSPHRASE"  # noqa: S105 - the name of a variable
ALONE = 2  # operators, before whom nobody can let in anybody
F = TypeVar("F", bound=Callable[..., Any])


def _option(*, required: bool) -> Callable[[F], F]:
    return click.option(
        "--operator",
        "operator_file",
        envvar="GATEWAY_OPERATOR",
        required=required,
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Your own private file, as `gateway operator new` made it; or GATEWAY_OPERATOR.",
    )


def as_operator(command: F) -> F:
    """Let a command take the file of the operator who runs it."""
    return _option(required=True)(command)


def open_operator(file: Path) -> Operator:
    """Return who holds a private file, once its passphrase was given.

    :raises Undecipherable: for another passphrase, or what is no such file.
    """
    return operators.unseal(file.read_bytes(), _passphrase())


@click.group("operator")
def operator() -> None:
    """Operators: who runs this gateway. What lets an agency in takes two of them."""


@operator.command("new")
@click.argument("operator_id", metavar="ID")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=Path())
def new(operator_id: str, folder: Path) -> None:
    """Make your own key in FOLDER: a private file for nobody else, and a public one."""
    with failing_plainly():
        secret, public = operators.make(operator_id, _passphrase(confirm=True))
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        private, shown = (folder / f"{operator_id}.{kind}.json" for kind in ("operator", "public"))
        write_secret(private, secret)
        shown.write_text(public + "\n", encoding="utf-8")
        found = operators.read_public(public)
    click.echo(f"private: {private.name}\npublic: {shown.name}\nthumbprint: {found.thumbprint}")


@operator.command("add")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="The thumbprint has been compared already.")
@_option(required=False)
@click.pass_obj
def add(office: Office, file: Path, yes: bool, operator_file: Path | None) -> None:
    """Register the operator whose public FILE this is; one who is one already does it.

    The first two are added by whoever sets the gateway up.
    """
    with failing_plainly():
        text = file.read_bytes()
        found = operators.check_free(office.settings.keys, text)
        by = _sponsor(office, operator_file)
    click.echo(f"operator: {found.id}\nthumbprint: {found.thumbprint}")
    if not yes:
        click.confirm("Did the person read out the same thumbprint?", abort=True)
    _record(office, "operator.added", found, by=by)  # first: nobody becomes one unseen
    with failing_plainly():
        operators.add(office.settings.keys, text, on=office.clock().date())
    click.echo(f"added: {found.id}")


@operator.command("end")
@click.argument("operator_id", metavar="ID")
@click.pass_obj
def end(office: Office, operator_id: str) -> None:
    """End an operator; what it signed before still holds."""
    with failing_plainly():
        operators.end(office.settings.keys, operator_id, on=office.clock().date())
        found = next(o for o in operators.listing(office.settings.keys) if o.id == operator_id)
    _record(office, "operator.ended", found)
    click.echo(f"ended: {found.id}")


@operator.command("list")
@click.pass_obj
def list_(office: Office) -> None:
    """Show who is or was an operator."""
    with failing_plainly():
        found = operators.listing(office.settings.keys)
    for each in found:
        until = f"until {each.ended_on}" if each.ended_on else "active"
        click.echo("\t".join((each.id, until, f"from {each.added_on}", each.thumbprint)))


def _sponsor(office: Office, file: Path | None) -> str | None:
    """The operator who adds another; None until there have been two who could.

    Those who ended count: else ending both would open the door again to whoever did it.

    :raises Undecipherable: for another passphrase, or what is no such file.
    :raises Mismatch: without one, or if the file is of somebody who is no operator now.
    """
    if len(operators.load(office.settings.keys, ended=True)) < ALONE:
        return None
    known = operators.load(office.settings.keys)
    if file is None:
        raise Mismatch("An operator adds another: give your own file with --operator.")
    who = open_operator(file)
    try:
        by, _ = operators.check(who.state({"says": "adds"}), known)
    except Undecipherable:
        raise Mismatch("The file is not that of an operator.") from None
    return by


def _record(office: Office, event: str, who: Registered, *, by: str | None = None) -> None:
    with office.work(acting(by)) as work:
        agencies.record_operator(work, event=event, operator_id=who.id, thumbprint=who.thumbprint)


def _passphrase(*, confirm: bool = False) -> str:
    given = os.environ.get(PASSPHRASE)
    if given is not None:
        return given
    said: str = click.prompt("Your passphrase", hide_input=True, confirmation_prompt=confirm)
    return said
