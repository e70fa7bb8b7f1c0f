"""Owns `gateway case`: what two operators do to a case that they cannot read."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.office import Office, failing_plainly
from gateway.cli.operator import as_operator, open_operator
from gateway.flows import erasing
from gateway.ledger import reading_registry
from gateway.schemas import reference as references
from gateway.sealing import erased, operators

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("case")
def case() -> None:
    """Cases: erasing one. There is no command that reads one."""


@case.command("erase")
@click.argument("reference", nargs=-1, required=True)
@click.option("--because", required=True, type=click.Choice(erasing.REASONS))
@click.option(
    "--asked",
    required=True,
    type=_FILE,
    help="The coordinator's signed statement, made with `gateway-client ask-erasure`.",
)
@as_operator
@click.option(
    "--second",
    required=True,
    type=_FILE,
    help="The private file of the second operator, who is at the desk, too.",
)
@click.pass_obj
def erase(
    office: Office,
    reference: tuple[str, ...],
    because: str,
    asked: Path,
    operator_file: Path,
    second: Path,
) -> None:
    """Erase the case of REFERENCE for ever: its coordinator asks, two operators do, no way back.

    Its keys are destroyed and its rows go; the access log keeps who did what with it. Cases that
    were joined go together: name a reference of each. Backups can still be read for a while:
    docs/operate.md says for how long.
    """
    stored = sorted({references.read(each) or "-" for each in reference})
    with failing_plainly():
        known = operators.load(office.settings.keys)
        word = asked.read_text(encoding="utf-8", errors="replace").strip()
        said = erasing.statement(stored, because, asked=word, at=office.clock())
        first, other = (open_operator(file).state(said) for file in (operator_file, second))
    with office.work() as work:
        line = erasing.erase(
            work,
            stored,
            because,
            asked=word,
            proofs=(first, other),
            known=known,
            audience=office.settings.base_url,
        )
        erased.keep(office.settings.keys, line)  # first: a backup must not bring it back unseen
    click.echo(f"erased: {', '.join(reference)}")


@case.command("erase-again")
@click.pass_obj
def erase_again(office: Office) -> None:
    """After a backup was put back: erase again whatever was erased since it was taken.

    Nobody has to sign anew. The service does not start before this is done.
    """
    with failing_plainly():
        known = operators.load(office.settings.keys, ended=True)
        lines = erased.read(office.settings.keys)
    with reading_registry(office.sessions) as session:
        due = erasing.list_due(session, lines)
    count = 0
    for line in due:
        with office.work() as work:
            count += erasing.erase_again(work, line, known=known)
    click.echo(f"erased again: {count} of {sum(len(line.references) for line in lines)} listed")
