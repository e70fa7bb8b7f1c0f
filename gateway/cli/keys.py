"""Commands for the gateway's own keys that stand alone: make, exchange, retire, list."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import click
from sqlalchemy.exc import SQLAlchemyError

from gateway.cli.office import Office, failing_plainly
from gateway.errors import UnsafeSettings
from gateway.flows import keeping
from gateway.migrations import is_current
from gateway.sealing import jwk, key_files, key_making
from gateway.sealing import keys as own
from gateway.sealing.key_lock import alone

ALONE = ("signing", "token", "encryption", "log", "cursor")
"""Uses where nothing stored has to follow: a newer key is all there is to it."""


@click.group("keys")
def keys() -> None:
    """Keys: the gateway's own, in the folder of GATEWAY_KEYS and in the token, if there is one."""


@keys.command("new")
@click.pass_obj
def new(office: Office) -> None:
    """Make the folder and one key of each use; nothing is ever overwritten.

    Run `gateway db upgrade` first: this act is recorded, too.
    """
    settings = office.settings
    with failing_plainly():
        _require_database(office)
        own.make(settings.keys, on=office.clock().date(), token=settings.epochs_in)
        made = own.listing(settings.keys)
    with office.work() as work:
        for key in made:
            keeping.record_key(work, event="key.made", use=key.use, kid=key.kid)
    show(made)


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


LEAD = click.option(
    "--lead",
    type=click.IntRange(0, 60 * 60 * 24 * 31),
    default=30,
    show_default=True,
    help="Seconds for which the new key is known, and published, before anything is done with it.",
)


@keys.command("rotate")
@click.argument("use", type=click.Choice(ALONE))
@LEAD
@click.pass_obj
def rotate(office: Office, use: str, lead: int) -> None:
    """Make a newer key of one USE; older ones still verify and decrypt.

    The running service takes it up by itself. Interrupted, run it again: it goes on where it was.
    """
    show([exchange(office, use, lead)])


def exchange(office: Office, use: str, lead: int) -> own.KeyInfo:
    """Make a newer key of a use: staged, recorded, and only then there for anybody to read.

    For `lead` seconds it is known and not used, so that what one process makes with it is never
    strange to another whose request began before.
    """
    settings, now = office.settings, office.clock()
    starts_at = now + timedelta(seconds=lead) if lead else None
    with failing_plainly(), alone(settings.keys):  # two commands at once make a key each, in turn
        name = key_making.stage(
            settings.keys, use, on=now.date(), starts_at=starts_at, token=settings.epochs_in
        )
        made = key_making.read_staged(settings.keys, name)
        with office.work() as work:
            keeping.record_key(work, event="key.rotated", use=use, kid=made.kid)
        key_making.activate(settings.keys, name)
        office.read_keys_again()
        return next(key for key in own.listing(settings.keys, now) if key.name == f"{name}.key")


@keys.command("retire")
@click.argument("use", type=click.Choice(ALONE))
@click.option(
    "--older-than",
    "days",
    type=click.IntRange(1, 3660),
    default=7,
    show_default=True,
    help="Days since a key stopped being the current one.",
)
@click.pass_obj
def retire(office: Office, use: str, days: int) -> None:
    """Destroy the secrets of keys of one USE that are current no more.

    The public halves of signing and log keys stay: old receipts and checkpoints are checked with
    them. Whatever was sealed to a retired encryption key and not yet sent can only be sealed anew.
    """
    folder, now = office.settings.keys, office.clock()
    with failing_plainly(), alone(folder):
        files = key_files.read(folder, now)[use]
        due = key_files.due_to_retire(files, now.date() - timedelta(days=days))
        for file in due:
            with office.work() as work:
                keeping.record_key(work, event="key.retired", use=use, kid=file.kid)
            key_making.retire(folder, file.name, on=now.date())
    for file in due:
        click.echo(f"{use}\tretired\t{file.made_on}\t{file.kid}\t{file.name}.key")
    if not due:
        click.echo(f"No {use} key stopped being current more than {days} days ago.")


@keys.command("list")
@click.pass_obj
def list_(office: Office) -> None:
    """Show use, standing, date, id, file and place of every key; no secret is shown."""
    with failing_plainly():
        held = own.listing(office.settings.keys, office.clock())
    with office.work() as work:
        keeping.record_listing(work)
    show(held)


@keys.command("sign-on")
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
def sign_on(path: Path) -> None:
    """Make the key with which the gateway speaks to the provider of single sign-on.

    PATH is the file of GATEWAY_SSO_KEY_FILE, and is never overwritten. What is printed is the
    public part, as a JWK Set, for the provider.
    """
    made = jwk.new_private("sig")
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            json.dump(made, file)
    except OSError:
        raise click.ClickException("The file is there already, or cannot be written.") from None
    click.echo(json.dumps({"keys": [jwk.public_part(made)]}, indent=2))


def show(held: Iterable[own.KeyInfo]) -> None:
    """Print keys, one line each."""
    for key in held:
        click.echo("\t".join((key.use, key.stands, key.made_on, key.kid, key.name, key.place)))
