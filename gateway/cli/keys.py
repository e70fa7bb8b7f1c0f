"""Commands for the gateway's own keys: make the folder, rotate one use, list."""

from __future__ import annotations

import click
from sqlalchemy.exc import SQLAlchemyError

from gateway.cli.office import Office, failing_plainly
from gateway.errors import UnsafeSettings
from gateway.flows import agencies
from gateway.migrations import is_current
from gateway.sealing import keys as own


@click.group("keys")
def keys() -> None:
    """Keys: the gateway's own, in the folder of GATEWAY_KEYS."""


@keys.command("new")
@click.pass_obj
def new(office: Office) -> None:
    """Make the folder and one key of each use; nothing is ever overwritten.

    Run `gateway db upgrade` first: this act is recorded, too.
    """
    with failing_plainly():
        _require_database(office)
        own.make(office.settings.keys, on=office.clock().date())
        made = own.listing(office.settings.keys)
    with office.work() as work:
        for key in made:
            agencies.record_key(work, event="key.made", use=key.use, kid=key.kid)
    _show(made)


def _require_database(office: Office) -> None:
    """Refuse to make keys whose making could not be recorded.

    :raises UnsafeSettings: if the database is not there or not up to date.
    """
    try:
        current = is_current(office.settings.database_url)
    except (SQLAlchemyError, ImportError):
        current = False
    if not current:
        raise UnsafeSettings("The database is not up to date: run `gateway db upgrade` first.")


@keys.command("rotate")
@click.argument("use", type=click.Choice([use for use in own.USES if use not in own.FIXED]))
@click.pass_obj
def rotate(office: Office, use: str) -> None:
    """Make a newer key of one USE; older ones still verify and decrypt.

    Running services read it when they start again.
    """
    with failing_plainly():
        name = own.rotate(office.settings.keys, use, on=office.clock().date())
        newest = next(key for key in own.listing(office.settings.keys) if key.name == name)
    with office.work() as work:
        agencies.record_key(work, event="key.rotated", use=use, kid=newest.kid)
    _show([newest])


@keys.command("list")
@click.pass_obj
def list_(office: Office) -> None:
    """Show use, id, date and file of every key; no secret is shown."""
    with failing_plainly():
        held = own.listing(office.settings.keys)
    with office.work() as work:
        agencies.record_listing(work)
    _show(held)


def _show(held: list[own.KeyInfo] | tuple[own.KeyInfo, ...]) -> None:
    for key in held:
        current = "current" if key.is_current else "older"
        click.echo("\t".join((key.use, current, key.made_on, key.kid, key.name)))
