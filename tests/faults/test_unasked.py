"""gunicorn's workers sequence without traffic, and end in order."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from gateway import ledger
from gateway.store.tables import log_pending
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


def test_what_waits_is_taken_before_the_service_ends(service: Service) -> None:
    service.client(LANDLORD).refer(example("minimal"))
    service.process.terminate()
    service.process.wait(20)
    assert waiting(service) == 0
