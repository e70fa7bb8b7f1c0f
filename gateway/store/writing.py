"""Owns how writers on SQLite wait for each other, and when what they wrote is on the disk.

SQLite has one writer at a time, and by itself makes it wait for the disk while it holds the lock;
who waits for the lock sleeps and looks again. Here writers queue for a lock of the system, which
wakes the next one at once, and a commit waits for the disk after it has let go: many such waits end
with one and the same write. What was answered is on the disk all the same (ADR 35).
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from contextlib import suppress
from typing import Any

PATIENCE = 10.0  # seconds that a writer waits for the others
FOLD_EVERY = 3600  # pages that a process wrote, as we reckon them: thirty referrals, 14 MB
COMMIT_PAGES = 3  # of each commit, besides one for each of its rows
MOST_PAGES = 4000  # of the write-ahead log, 16 MB, before everybody waits until it is folded

_queues: dict[str, Queue] = {}
_guard = threading.Lock()


class Queue:
    """The writers of one database file: those of this process first, then those of others."""

    def __init__(self, path: str) -> None:
        self._path = f"{path}-queue"
        self._here = threading.Lock()
        self._handle, self._process = -1, 0
        self.pages = 0  # of this process, about, since it folded the write-ahead log

    def enter(self) -> None:
        """Wait for the turn to write.

        :raises sqlite3.OperationalError: if it does not come; nothing was begun.
        """
        if not self._here.acquire(timeout=PATIENCE):
            raise sqlite3.OperationalError("database is locked")
        try:
            if self._process != os.getpid():  # a lock is not shared with whom we forked from
                self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                self._process = os.getpid()
            fcntl.flock(self._handle, fcntl.LOCK_EX)
        except BaseException:
            self._here.release()
            raise

    def is_time_to_fold(self, rows: int) -> bool:
        """Whether this process has written so much since it was last time.

        By what was written and not by commits: to fold waits for the disk twice, and what a poll
        or a pull writes is a thirtieth of a referral.
        """
        self.pages += COMMIT_PAGES + rows  # a count that is missed does not matter
        if self.pages < FOLD_EVERY:
            return False
        self.pages = 0
        return True

    def leave(self) -> None:
        """Let the next one write."""
        fcntl.flock(self._handle, fcntl.LOCK_UN)
        self._here.release()


class Connection(sqlite3.Connection):
    """A connection that writes in its turn; its transactions begin by `begin` alone."""

    _queue: Queue | None = None  # while it is our turn
    _path: str | None = None
    _log = -1  # the write-ahead log, to wait for the disk
    _asked: str | None = None  # the transaction that begins with the next statement
    _synchronous = ""  # as it is set now
    _changes = 0  # rows that it had written when it was last counted

    def begin(self, *, reads: bool, durable: bool) -> None:
        """Begin, with the next statement, a transaction that only reads, or one that may write.

        Not before: what is done between the two keeps nobody waiting.

        `durable`: it is on the disk before anybody can see it. Needed where what is seen is handed
        out, and losing it would contradict what was handed out: signed checkpoints.
        """
        self._asked = "READ" if reads else "FULL" if durable else "NORMAL"

    def cursor(self, *given: Any) -> Any:  # as sqlite3 has it, whichever factory is given
        """Return a cursor, within the transaction that was asked for.

        :raises sqlite3.OperationalError: if our turn to write does not come; nothing was begun.
        """
        asked, self._asked = self._asked, None
        if asked == "READ":
            self.execute("BEGIN DEFERRED")
        elif asked is not None:
            self._begin_writing(asked)
        return super().cursor(*given)

    def _begin_writing(self, synchronous: str) -> None:
        queue = self._my_queue()
        if queue is not None:
            queue.enter()
            self._queue = queue
        try:
            if synchronous != self._synchronous:
                self.execute(f"PRAGMA synchronous={synchronous}")
                self._synchronous = synchronous
            self.execute("BEGIN IMMEDIATE")
        except BaseException:
            self._leave()
            raise

    def commit(self) -> None:
        """Commit, let the next one write, and return once all of it is on the disk."""
        is_writer, self._asked = self._queue is not None, None
        try:
            super().commit()
        finally:
            if not self.in_transaction:  # else it can be tried again, or rolled back
                self._leave()
        if is_writer:
            self._wait_for_disk()
            self._fold()

    def rollback(self) -> None:
        """Roll back, and let the next one write."""
        self._asked = None
        try:
            super().rollback()
        finally:
            self._leave()

    def close(self) -> None:
        """Close; whatever was not committed is gone."""
        try:
            super().close()
        finally:
            self._leave()
            if self._log >= 0:
                os.close(self._log)
                self._log = -1

    def __del__(self) -> None:
        self._leave()  # dropped in the middle of something; nobody waits for ever

    # --- within -------------------------------------------------------------------------------

    def _my_queue(self) -> Queue | None:
        if self._path is None:
            named = self.execute("PRAGMA database_list").fetchall()
            self._path = next((str(row[2]) for row in named if row[1] == "main"), "")
        if not self._path:
            return None  # in memory: nobody else writes, and there is no disk
        with _guard:
            return _queues.setdefault(self._path, Queue(self._path))

    def _leave(self) -> None:
        queue, self._queue = self._queue, None
        if queue is not None:
            queue.leave()

    def _wait_for_disk(self) -> None:
        """Wait until the write-ahead log is on the disk as far as we wrote it.

        The file is the same as long as any connection is open, so as long as ours is.

        :raises sqlite3.OperationalError: if the disk fails; then nobody may rely on the commit.
        """
        try:
            if self._log < 0:
                self._log = os.open(f"{self._path}-wal", os.O_RDONLY | os.O_CLOEXEC)
            os.fdatasync(self._log)
        except OSError:
            raise sqlite3.OperationalError("disk I/O error") from None

    def _fold(self) -> None:
        """Now and then bring what is in the write-ahead log into the database itself.

        SQLite by itself does it within some commit, while everybody waits for that commit's turn
        to end. Here it is done between turns; a log that grew all the same is folded in a turn.
        It is no part of what was committed: if it fails, the next one does it.
        """
        queue, before = self._my_queue(), self._changes
        self._changes = self.total_changes
        if queue is None or not queue.is_time_to_fold(self._changes - before):
            return
        with suppress(sqlite3.Error):
            _, pages, folded = self._checkpoint()
            if pages <= MOST_PAGES or pages == folded:
                return
            queue.enter()
            try:
                self._checkpoint()
            finally:
                queue.leave()

    def _checkpoint(self) -> tuple[int, int, int]:
        found: tuple[int, int, int] = self.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        return found
