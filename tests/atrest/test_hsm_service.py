"""The service with its epoch keys in an HSM: gunicorn, two workers, forked after it was loaded."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gateway import ledger
from gateway.config import Token
from gateway.store import tables as t
from tests.atrest.load import IDVA, LANDLORD, Load
from tests.journeys.world import example
from tests.live import running

pytestmark = pytest.mark.needs("softhsm")


def test_F42_a_referral_goes_in_and_out_with_its_key_in_the_token(
    token: Token, sqlite_template: Path, tmp_path: Path
) -> None:
    url = f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'gateway.db')}"
    with running(url, tmp_path, token) as service:
        reference = service.client(LANDLORD).refer(example("c1")).reference
        pulled = service.client(IDVA).pull(reference, "P2")
        assert "safe_contact" in pulled.sealed
        with service.behind() as session:
            epochs = {row.epoch for row in session.execute(t.case_key.select())}
        assert epochs == {"epoch-2025-01-1"}
        with Load(service) as load:
            done = service.command("keys", "epoch", "--new", "--lead", "1")
            assert done.returncode == 0, done.stderr
            load.wait_for(10)
        assert load.faults == []
        with service.behind() as session:
            newest = session.execute(
                t.case_key.select().order_by(t.case_key.c.case_id.desc())
            ).first()
        assert newest is not None
        assert newest.epoch != "epoch-2025-01-1"
        assert [path.name for path in (tmp_path / "keys").glob("epoch-*")]
        for path in (tmp_path / "keys").glob("epoch-*"):
            assert '"k"' not in path.read_text()
        assert service.client(IDVA).pull(reference, "P2").sealed == pulled.sealed
        listed = service.command("keys", "list").stdout.splitlines()
        assert {line.split("\t")[-1] for line in listed if line.startswith("epoch")} == {"token"}
        assert ledger.verify(service.sessions, service.keys, deep=False)
