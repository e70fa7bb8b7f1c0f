"""A coordinator who asks, two operators who erase, and a look at what is left."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from gateway import ledger
from gateway.client.config import load_keys
from gateway.client.erasure import ask_erasure
from gateway.flows import erasing
from gateway.schemas import reference as references
from gateway.sealing import erased, operators
from gateway.store import tables as t
from tests.atrest.desk import house_of
from tests.journeys.world import BASE, LOG_TABLES, World, example, position

LANDLORD, IDVA, COORDINATOR = "harbourgate-homes", "marlbury-idva", "marlbury-marac"
FIRST, SECOND = operators.fresh("first-op"), operators.fresh("second-op")
KNOWN = {each.id: each.key for each in (FIRST, SECOND)}
WHY = "ERASURE_RIGHT"


def asks(world: World, *written: str, by: str = COORDINATOR, **changes: Any) -> str:
    """An agency's signed statement that these cases be erased."""
    given = {"agency": by, "base": BASE, "clock": lambda: world.now, **changes}
    because = given.pop("because", WHY)
    return ask_erasure(written, because, keys=load_keys(world.folder / by), **given)


def erase(world: World, *written: str, **changes: Any) -> None:
    with world.operator() as work:
        erase_in(work, world, *written, **changes)


def erase_in(work: ledger.Work, world: World, *written: str, **changes: Any) -> None:
    """Erase in a transaction that has still to be committed."""
    stored = [references.read(each) or "-" for each in written]
    asked = changes.pop("asked", None) or asks(world, *written)
    said = erasing.statement(stored, WHY, asked=asked, at=world.now)
    proofs = changes.pop("proofs", (FIRST.state(said), SECOND.state(said)))
    line = erasing.erase(work, stored, WHY, asked=asked, proofs=proofs, known=KNOWN, audience=BASE)
    erased.keep(house_of(world).settings.keys, line)


def merged(world: World) -> tuple[str, str]:
    """Two referrals of one person, the first joined to the second."""
    one, other = (world.client(LANDLORD).refer(example("c1")).reference for _ in range(2))
    coordinator = world.client(COORDINATOR)
    coordinator.decide(one, {"decision": "MERGE", "merge_with": other, "reason": "One person."})
    world.client(LANDLORD).record_position(one, position("WITHDRAWN"))
    return one, other


def rows_about(world: World, case_id: str, reference: str) -> dict[str, int]:
    """How many rows of each table name a case or its reference, the log apart."""
    found = {}
    with world.engine.connect() as connection:
        for table in t.metadata.sorted_tables:
            rows = [tuple(row) for row in connection.execute(select(table))]
            wanted = {case_id, references.read(reference)}
            count = sum(bool(wanted & {c for c in row if isinstance(c, str)}) for row in rows)
            if count and table.name not in LOG_TABLES:
                found[table.name] = count
    return found
