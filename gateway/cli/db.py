"""Owns `gateway db`: bringing the database to the newest migration."""

from __future__ import annotations

import click

from gateway.cli.office import Office, failing_plainly
from gateway.migrations import check, upgrade


@click.group("db")
def db() -> None:
    """The database."""


@db.command("upgrade")
@click.pass_obj
def upgrade_command(office: Office) -> None:
    """Bring the database of GATEWAY_DATABASE_URL to the newest migration."""
    with failing_plainly():
        upgrade(office.settings.database_url)
    print("The database is up to date.")


@db.command("check")
@click.pass_obj
def check_command(office: Office) -> None:
    """Compare the database with the tables of this version; exit code 1 if they differ."""
    check(office.settings.database_url)
    print("The database has the tables of this version.")
