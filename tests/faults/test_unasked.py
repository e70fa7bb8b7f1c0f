"""gunicorn's workers sequence without traffic, and end in order."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import func, select

from gateway import ledger
from gateway.cli import server
from gateway.ledger import Sequencer
from gateway.store.tables import log_pending
from tests.flows.a_log import NOW, a_log
from tests.journeys.world import example
from tests.live import Service, running

LANDLORD = "harbourgate-homes"


@pytest.fixture(scope="module")
def service(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    url = f"sqlite:///{shutil.copy(sqlite_template, folder / 'gateway.db')}"
    with running(url, folder) as made:
        yield made


def waiting(service: Service) -> int:
    with service.behind() as session:
        session.connection(execution_options={"readonly": True})
        return int(session.scalar(select(func.count()).select_from(log_pending)) or 0)


def emptied(service: Service, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while waiting(service):
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def workers(service: Service) -> list[int]:
    children = Path(f"/proc/{service.process.pid}/task/{service.process.pid}/children")
    return [int(each) for each in children.read_text().split()]


def test_V34_a_line_has_its_place_soon_though_nobody_asks_for_anything(service: Service) -> None:
    service.client(LANDLORD).refer(example("minimal"))
    assert emptied(service, 10)  # half a second on a machine that does nothing else
    assert ledger.verify(service.sessions, service.keys, deep=True)


def test_V23_a_killed_worker_leaves_its_lines_to_the_others(service: Service) -> None:
    client = service.client(LANDLORD)
    client.refer(example("minimal"))
    os.kill(workers(service)[0], signal.SIGKILL)
    client.refer(example("minimal"))
    assert emptied(service, 10)
    assert ledger.verify(service.sessions, service.keys, deep=True)


def test_what_waits_is_taken_before_a_worker_ends(sqlite_url: str, tmp_path: Path) -> None:
    """The hooks that gunicorn calls, with a thread that by itself would look in a minute."""
    with a_log(sqlite_url, tmp_path) as log:
        running = Sequencer(log.sessions, lambda _: log.keys, lambda: NOW, every=60)
        house = SimpleNamespace(sequencer=running)
        worker = SimpleNamespace(wsgi=SimpleNamespace(extensions={"gateway": house}))
        server.post_worker_init(worker)
        assert running.is_running
        log.read()
        server.worker_exit(None, worker)
        assert (log.count(log_pending), running.is_running) == (0, False)
    server.worker_exit(None, SimpleNamespace())  # one that ended before it was up
