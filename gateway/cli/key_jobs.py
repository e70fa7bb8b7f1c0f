"""Commands for keys that stored data hangs on: each goes on where an interrupted one stopped."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import click

from gateway.cli.keys import LEAD, exchange, keys, show
from gateway.cli.office import Office, failing_plainly
from gateway.cli.progress import Progress
from gateway.flows import keeping, referrals
from gateway.flows.keeping import Damaged, Resting
from gateway.ledger import Work, reading_kept
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
    damaged: set[Damaged] = set()
    # Whoever made the current key did not finish, if there is anything to do.
    is_interrupted = _wrap_anew(office, batch, damaged) > 0
    if _is_of_an_earlier_month(office) or (new and not is_interrupted):
        show([exchange(office, "epoch", lead)])
        if not wait_for_start(office, "epoch"):
            return
        _wrap_anew(office, batch, damaged)
    _let_rest(office)
    _tell_damaged(damaged)


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
@click.option("--new", is_flag=True, help="Make a further index key although an older one rests.")
@LEAD
@BATCH
@click.pass_obj
def index(office: Office, new: bool, lead: int, batch: int) -> None:
    """Make a new index key, index everybody anew, and destroy the old one when it is due.

    People are looked for with both keys meanwhile. Interrupted, run it again: it goes on with the
    same key. The old one is kept for GATEWAY_BACKUP_DAYS, because a backup may be put back, and
    destroyed by a later run; without --new that run makes no further key.
    """
    with failing_plainly():
        is_exchanging = len(_files(office, "index")) > 1
    if not is_exchanging or (new and _count_to_index(office) == 0):
        show([exchange(office, "index", lead)])
    if not wait_for_start(office, "index"):
        return
    progress = Progress("indexed anew", _count_to_index(office))
    while progress.is_open:
        with office.work() as work:
            done = referrals.index_anew(work, limit=min(batch, 20))
        progress.add(done)
        time.sleep(0.005)
    older = [file.name for file in _files(office, "index")[1:]]
    with office.work() as work:
        resting = keeping.rest_indexes(work, older, backup_days=office.settings.backup_days)
    for each in resting:
        _end(office, each, keeping.destroy_index, "nobody is indexed with it")


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


def _wrap_anew(office: Office, batch: int, damaged: set[Damaged]) -> int:
    """Wrap everything by the current epoch key; how many keys that were.

    What cannot be opened is added to `damaged` and passed over.
    """
    with reading_kept(office.sessions) as session:
        total = keeping.count_to_wrap(session, office.keys.provider.current)
    progress, moved = Progress("wrapped anew", total, is_open=total > 0), 0
    while progress.is_open:
        with office.work() as work:
            done = keeping.wrap_anew(work, limit=batch, but=damaged)
        moved += done.count
        damaged |= set(done.damaged)
        progress.add(done.count + len(done.damaged))
        time.sleep(0.005)  # lets others have the database
    return moved


def _let_rest(office: Office) -> None:
    settings = office.settings
    with failing_plainly():
        key_making.finish(settings.keys, settings.token)
    current, *others = _files(office, "epoch")
    older = {file.name: file for file in others if file.order < current.order}
    with office.work() as work:
        resting = keeping.rest(work, older, backup_days=settings.backup_days)
    for each in resting:
        _end(office, each, keeping.destroy, "wraps nothing")


def _end(office: Office, key: Resting, record: Callable[[Work, str], None], why: str) -> None:
    """Destroy a key that has rested for long enough, or tell until when it rests."""
    settings = office.settings
    if not key.is_due:
        click.echo(f"{key.name}: {why}; destroyed after {key.due_at:%Y-%m-%d}")
        return
    with office.work() as work:
        record(work, key.name)
    with failing_plainly():
        key_making.destroy(settings.keys, key.name, token=settings.token)
    office.read_keys_again()
    click.echo(f"{key.name}: destroyed")


def _count_to_index(office: Office) -> int:
    with reading_kept(office.sessions) as session:
        return referrals.count_to_index(session, office.keys.index_name)


def _tell_damaged(damaged: set[Damaged]) -> None:
    """Name each key that could not be opened; what lies under it is lost unless a backup has it.

    :raises click.ClickException: if there is any.
    """
    for table, place in sorted(damaged, key=str):
        click.echo(f"damaged: {table} {' '.join(map(str, place))}", err=True)
    if damaged:
        text = f"{len(damaged)} wrapped keys cannot be opened; the rest was done."
        raise click.ClickException(text)
