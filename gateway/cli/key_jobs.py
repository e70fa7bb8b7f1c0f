"""Commands for keys that stored data hangs on: each goes on where an interrupted one stopped."""

from __future__ import annotations

import time
from datetime import timedelta

import click

from gateway.cli.keys import LEAD, exchange, keys, show
from gateway.cli.office import Office, failing_plainly
from gateway.cli.progress import Progress
from gateway.flows import keeping, referrals
from gateway.sealing import key_files, key_making
from gateway.sealing.key_files import KeyFile

__all__ = ["keys"]

_PATIENCE = timedelta(minutes=2)  # for which a command waits until a new key starts

BATCH = click.option(
    "--batch",
    type=click.IntRange(1, 10_000),
    default=100,
    show_default=True,
    help="How many are done in one transaction.",
)


@keys.command("epoch")
@click.option("--new", is_flag=True, help="Make a new epoch key although this month has one.")
@LEAD
@BATCH
@click.pass_obj
def epoch(office: Office, new: bool, lead: int, batch: int) -> None:
    """Begin a month: a new epoch key, everything wrapped by it, and old ones destroyed when due.

    Run it once a month, or at any time: what is done already is not done again. An epoch key that
    wraps nothing any more is kept for GATEWAY_BACKUP_DAYS, because a backup may need it, and is
    then destroyed: older backups, and what was erased before, can be read by nobody again.
    """
    if not wait_for_start(office, "epoch"):
        return
    is_interrupted = _wrap_anew(office, batch) > 0  # whoever made the current key did not finish
    if _is_of_an_earlier_month(office) or (new and not is_interrupted):
        show([exchange(office, "epoch", lead)])
        if not wait_for_start(office, "epoch"):
            return
        _wrap_anew(office, batch)
    _let_rest(office)


@keys.command("cases")
@BATCH
@click.pass_obj
def cases(office: Office, batch: int) -> None:
    """Give every case a new key, and seal all that is sealed for it anew.

    For when keys of cases may have been seen. Requests go on; interrupted, run it again: cases that
    were done are not done twice.
    """
    with office.work() as work:
        total = keeping.begin_renewing(work)
    progress = Progress("cases", total)
    while progress.is_open:
        with office.work() as work:
            done = keeping.renew_cases(work, limit=min(batch, 20))
        progress.add(done)
        time.sleep(0.005)
    click.echo(f"{progress.done} cases have a new key")


@keys.command("index")
@LEAD
@BATCH
@click.pass_obj
def index(office: Office, lead: int, batch: int) -> None:
    """Make a new index key, index everybody anew, and destroy the old one.

    People are looked for with both keys until the last case is indexed anew. Interrupted, run it
    again: it goes on with the same key.
    """
    with failing_plainly():
        is_interrupted = len(_files(office, "index")) > 1
    if not is_interrupted:
        show([exchange(office, "index", lead)])
    if not wait_for_start(office, "index"):
        return
    with office.sessions() as session:
        total = referrals.count_to_index(session, office.keys.index_name)
    progress = Progress("indexed anew", total)
    while progress.is_open:
        with office.work() as work:
            done = referrals.index_anew(work, limit=min(batch, 20))
        progress.add(done)
        time.sleep(0.005)
    for file in _files(office, "index")[1:]:
        with office.work() as work:
            keeping.record_key(work, event="key.destroyed", use="index", kid=file.kid)
        with failing_plainly():
            key_making.destroy(office.settings.keys, file.name)
        click.echo(f"{file.name}: destroyed")
    office.read_keys_again()


def wait_for_start(office: Office, use: str) -> bool:
    """Wait until the newest key of a use is the current one; False if that takes too long."""
    with failing_plainly():
        newest = max(_files(office, use), key=lambda file: file.order)
    if newest.starts_at is not None and newest.starts_at > office.clock():
        if newest.starts_at - office.clock() > _PATIENCE:
            click.echo(f"{newest.name} starts at {newest.starts_at}: run this again then.")
            return False
        while newest.starts_at > office.clock():
            time.sleep(0.1)
    office.read_keys_again()
    return True


def _files(office: Office, use: str) -> list[KeyFile]:
    return key_files.read(office.settings.keys, office.clock())[use]


def _is_of_an_earlier_month(office: Office) -> bool:
    with failing_plainly():
        return _files(office, "epoch")[0].order[0] < f"{office.clock():%Y-%m}"


def _wrap_anew(office: Office, batch: int) -> int:
    """Wrap everything by the current epoch key; how many keys that were."""
    with office.sessions() as session:
        total = keeping.count_to_wrap(session, office.keys.provider.current)
    progress = Progress("wrapped anew", total, is_open=total > 0)
    while progress.is_open:
        with office.work() as work:
            done = keeping.wrap_anew(work, limit=batch)
        progress.add(done)
        time.sleep(0.005)  # lets others have the database
    return progress.done


def _let_rest(office: Office) -> None:
    settings = office.settings
    with failing_plainly():
        key_making.finish(settings.keys, settings.token)
    current, *others = _files(office, "epoch")
    older = {file.name: file for file in others if file.order < current.order}
    with office.work() as work:
        resting = keeping.rest(work, older, backup_days=settings.backup_days)
    for each in resting:
        if not each.is_due:
            click.echo(f"{each.name}: wraps nothing; destroyed after {each.due_at:%Y-%m-%d}")
            continue
        with office.work() as work:
            keeping.destroy(work, each.name)
        with failing_plainly():
            key_making.destroy(settings.keys, each.name, token=settings.token)
        office.read_keys_again()
        click.echo(f"{each.name}: destroyed")
