"""Commands for the recovery key: three partners share it, any two bring the keys back."""

from __future__ import annotations

import hashlib
from pathlib import Path

import click

from gateway.cli.key_jobs import keys
from gateway.cli.office import Office, failing_plainly
from gateway.errors import Conflict
from gateway.flows import keeping
from gateway.ledger import OPERATOR, begin
from gateway.sealing import keys as own
from gateway.sealing import recovery as sealing
from gateway.sealing.key_making import write_secret

__all__ = ["keys"]

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_NEW = click.Path(dir_okay=False, path_type=Path)
SHARES = click.option(
    "--share", "shares", multiple=True, required=True, type=_FILE, help="A holder's opened share."
)


@keys.group("recovery")
def recovery() -> None:
    """Recovery: the keys folder sealed to a key that no one partner has."""


@recovery.command("split")
@click.option("--to", "to", multiple=True, required=True, help="An agency that holds a share.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path())
@click.pass_obj
def split(office: Office, to: tuple[str, ...], out: Path) -> None:
    """Make a new recovery key and a sealed share for each of three agencies; any two have it.

    Send each file to its agency, which opens it with `gateway-client open` and keeps it off line.
    """
    with office.work() as work:
        made = sealing.split(keeping.holders_keys(work, to))
        facts = {"kid": made.public["kid"], "holders": sorted(made.sealed), "needed": 2}
        keeping.record_recovery(work, "recovery.split", facts)
    out.mkdir(mode=0o700, parents=True, exist_ok=True)
    for agency_id, sealed in made.sealed.items():
        write_secret(out / f"share-{agency_id}.jose", sealed)
        click.echo(f"share-{agency_id}.jose")
    sealing.keep_public(office.settings.keys, made.public)
    click.echo(f"recovery key: {made.public['kid']}")


@recovery.command("archive")
@click.argument("file", type=_NEW)
@click.pass_obj
def archive(office: Office, file: Path) -> None:
    """Write the keys folder to FILE, signed, and sealed to the recovery key."""
    with failing_plainly():
        signing = office.keys.signing
        sealed = sealing.seal_archive(
            office.settings.keys,
            signing=signing.key,
            kid=signing.kid,
            made_at=office.clock().isoformat(timespec="seconds"),
        )
    with office.work() as work:
        digest = hashlib.sha256(sealed.encode()).hexdigest()
        keeping.record_recovery(work, "recovery.archived", {"sha256": digest})
    write_secret(file, sealed)
    click.echo(f"{file.name}: signed by {signing.kid}")


@recovery.command("drill")
@click.argument("file", type=_FILE)
@SHARES
@click.pass_obj
def drill(office: Office, file: Path, shares: tuple[Path, ...]) -> None:
    """Prove that two shares open the archive FILE, and that it holds the keys of now.

    Nothing is written but an entry of the log. Whoever runs this has two shares in hand: split anew
    afterwards.
    """
    with failing_plainly():
        opened = _open(file, shares, office.keys.signing.kid)
        folder = office.settings.keys
        held = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.key")}
        missing = sorted(n for n, text in held.items() if opened.files.get(n) != text)
    facts = {"kid": opened.kid, "holders": sorted(opened.holders), "missing": len(missing)}
    with office.work() as work:
        keeping.record_recovery(work, "recovery.drilled", facts)
    who = ", ".join(opened.holders)
    click.echo(f"opened: {len(opened.keys)} keys of {opened.made_at}, by {who}")
    if missing:
        with failing_plainly():
            raise Conflict("The archive lacks keys of now: make a new one.")


@recovery.command("recover")
@click.argument("file", type=_FILE)
@SHARES
@click.option("--signed-by", required=True, help="The gateway's signing key, as receipts name it.")
@click.pass_obj
def recover(office: Office, file: Path, shares: tuple[Path, ...], signed_by: str) -> None:
    """Write the keys of the archive FILE into the empty folder of GATEWAY_KEYS.

    Restore the database first: this act is recorded, too.
    """
    folder, now = office.settings.keys, office.clock()
    with failing_plainly():
        opened = _open(file, shares, signed_by)
        sealing.write_folder(folder, opened)
        held = own.load(folder, office.settings.token, now=now)
        with begin(office.sessions, held, OPERATOR, now) as work:
            facts = {"kid": opened.kid, "holders": sorted(opened.holders)}
            keeping.record_recovery(work, "recovery.used", facts)
    click.echo(f"recovered: {len(opened.keys)} keys of {opened.made_at}")


def _open(file: Path, shares: tuple[Path, ...], signed_by: str) -> sealing.Opened:
    texts = [path.read_text(encoding="utf-8") for path in shares]
    return sealing.open_archive(
        file.read_text(encoding="ascii").strip(), texts, signed_by=signed_by
    )
