"""Owns `gateway log`: the operator's check of the access log."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Protocol

import click

from gateway import ledger
from gateway.sealing.keys import Keys


class Service(Protocol):
    """What the commands need of the running service's parts."""

    @property
    def sessions(self) -> ledger.Sessions:
        """The database."""

    @property
    def keys(self) -> Keys:
        """The gateway's keys."""


@click.group("log", help="The access log.")
def log() -> None:
    """Group the commands of the access log."""


@log.command()
@click.option("--deep", is_flag=True, help="Also open records, tags and every old checkpoint.")
@click.option(
    "--checkpoint",
    "held",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A checkpoint that a partner kept; may be given again.",
)
@click.pass_obj
def verify(service: Service, deep: bool, held: tuple[Path, ...]) -> None:
    """Check the whole log; exit code 1 names the first entry that is not as it was signed."""
    notes = [path.read_text(encoding="utf-8") for path in held]
    report = ledger.verify(service.sessions, service.keys, _show, deep=deep, held=notes)
    if sys.stderr.isatty():
        click.echo(err=True)
    if not report:
        click.echo(f"NOT VERIFIED: entry {report.first_bad}: {report.what}", err=True)
        raise SystemExit(1)
    gone = f"; {report.destroyed} records destroyed, as their period ended" if deep else ""
    click.echo(f"verified: {report.entries} entries{gone}")


def _show(done: int, entries: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{done} of {entries} entries", nl=False, err=True)
