"""Owns `gateway db`: bringing the database to the newest migration."""

from __future__ import annotations

import click
from sqlalchemy import make_url

from gateway.agencies import replay
from gateway.cli.office import Office, failing_plainly
from gateway.migrations import check, upgrade


@click.group("db")
def db() -> None:
    """The database."""


@db.command("upgrade")
@click.option(
    "--owner",
    envvar="GATEWAY_OWNER_DATABASE_URL",
    help="On PostgreSQL: the database as the role that owns its tables. The running service must"
    " not have it.",
)
@click.pass_obj
def upgrade_command(office: Office, owner: str | None) -> None:
    """Bring the database to the newest migration.

    With --owner, the role of GATEWAY_DATABASE_URL is then granted what the service needs of each
    table, and nothing else.
    """
    url = office.settings.database_url
    service = make_url(url).username if owner else None
    with failing_plainly():
        upgrade(owner or url, service=service)
        if owner and service and replay.address(office.settings) == url:
            replay.prepare(owner, service)
    print("The database is up to date.")


@db.command("check")
@click.pass_obj
def check_command(office: Office) -> None:
    """Compare the database with the tables of this version; exit code 1 if they differ."""
    check(office.settings.database_url)
    print("The database has the tables of this version.")
