"""Owns the links with which somebody looks around the demonstration's desk: one for each of three.

Each works once, on this machine, for invented people; the door takes none of them anywhere else.
"""

from __future__ import annotations

from datetime import UTC, datetime

from gateway.demo.service import Place
from gateway.flows import people
from gateway.ledger import OPERATOR, begin
from gateway.schemas.codes import OneTime, PersonRole
from gateway.sealing import keys
from gateway.store.engine import make_engine, make_sessions

WHO: tuple[tuple[str, str, str, PersonRole], ...] = (
    ("the coordinator", "marlbury-marac", "marac-01", PersonRole.COORDINATOR),
    ("an IDVA worker", "marlbury-idva", "idva-01", PersonRole.IDVA),
    ("a housing representative", "harbourgate-homes", "homes-01", PersonRole.AGENCY_REP),
)


def links(place: Place) -> list[tuple[str, str]]:
    """For whom each link is, and the link."""
    engine = make_engine(place.settings.database_url)
    try:
        sessions, held = make_sessions(engine), keys.load(place.settings.keys)
        made = []
        for whom, agency_id, worker_id, role in WHO:
            with begin(sessions, held, OPERATOR, datetime.now(UTC)) as work:
                text = people.invite_first(
                    work, agency_id, worker_id, {role}, OneTime.DEMONSTRATION
                )
            made.append((whom, f"{place.settings.base_url}/desk/link/{text}"))
        return made
    finally:
        engine.dispose()
