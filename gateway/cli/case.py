"""Owns `gateway case`: what two operators do to a case that they cannot read."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.office import Office, failing_plainly
from gateway.cli.operator import as_operator, open_operator
from gateway.flows import erasing
from gateway.schemas import reference as references
from gateway.sealing import operators


@click.group("case")
def case() -> None:
    """Cases: erasing one. There is no command that reads one."""


@case.command("erase")
@click.argument("reference")
@click.option("--because", required=True, type=click.Choice(erasing.REASONS))
@as_operator
@click.option(
    "--second",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The private file of the second operator, who is at the desk, too.",
)
@click.pass_obj
def erase(office: Office, reference: str, because: str, operator_file: Path, second: Path) -> None:
    """Erase the case of REFERENCE for ever: two operators, and no way back.

    Its keys are destroyed and its rows go; the access log keeps who did what with it. Backups can
    still be read for a while: docs/operate.md says for how long.
    """
    stored = references.read(reference) or "-"
    with failing_plainly():
        known = operators.load(office.settings.keys)
        said = erasing.statement(stored, because, office.clock())
        first, other = (open_operator(file).state(said) for file in (operator_file, second))
    with office.work() as work:
        erasing.erase(work, stored, because, proofs=(first, other), known=known)
    click.echo(f"erased: {reference}")
