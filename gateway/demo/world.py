"""Owns the invented world of the demonstration: two areas, their agencies, and their keys."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gateway.client import config
from gateway.client.exchange import open_enrolment
from gateway.client.gateway import Gateway
from gateway.client.http import Send
from gateway.demo.registrars import Registrars
from gateway.flows import agencies
from gateway.ledger import OPERATOR, Sessions, begin
from gateway.schemas.codes import AgencyKind, Custody
from gateway.sealing.keys import Keys


@dataclass(frozen=True, slots=True)
class Partner:
    """An invented agency and its invented workers, by opaque id."""

    agency_id: str
    name: str
    kind: AgencyKind
    area: str
    workers: tuple[str, ...]


CHAIR = "chair-01"  # of the coordinating agency


def _partner(
    agency_id: str, name: str, kind: AgencyKind, area: str = "MARLBURY", *more: str
) -> Partner:
    return Partner(agency_id, name, kind, area, (f"{agency_id.split('-')[-1]}-01", *more))


PARTNERS: tuple[Partner, ...] = (
    _partner("harbourgate-homes", "Harbourgate Homes", AgencyKind.LANDLORD),
    _partner("tidewell-housing", "Tidewell Housing", AgencyKind.LANDLORD),
    _partner("marlbury-idva", "Marlbury IDVA service", AgencyKind.IDVA),
    _partner("aster-women", "Aster Women (by and for)", AgencyKind.IDVA),
    _partner("fenhollow-idva", "Fenhollow IDVA service", AgencyKind.IDVA, "FENHOLLOW"),
    _partner("marlbury-police", "Marlbury police", AgencyKind.POLICE),
    _partner("marlbury-csc", "Marlbury children's social care", AgencyKind.CSC),
    _partner("marlbury-asc", "Marlbury adult social care", AgencyKind.ASC),
    _partner("marlbury-hospital", "Marlbury hospital", AgencyKind.ACUTE),
    _partner("marlbury-gp", "Marlbury surgeries", AgencyKind.PRIMARY_CARE),
    _partner("marlbury-college", "Marlbury college", AgencyKind.EDUCATION),
    _partner("marlbury-probation", "Marlbury probation", AgencyKind.PROBATION),
    _partner(
        "marlbury-council-housing",
        "Marlbury housing options",
        AgencyKind.LA_HOUSING,
        "MARLBURY",
        "housing-02",
        "housing-03",
    ),
    _partner(
        "marlbury-marac", "Marlbury MARAC coordination", AgencyKind.COORDINATOR, "MARLBURY", CHAIR
    ),
    _partner(
        "fenhollow-marac", "Fenhollow MARAC coordination", AgencyKind.COORDINATOR, "FENHOLLOW"
    ),
)


def enrol(sessions: Sessions, keys: Keys, folder: Path, now: datetime) -> None:
    """Make each agency's keys in a folder of its own; two operators let each in, with workers."""
    registrars = Registrars(sessions, keys)
    for partner in PARTNERS:
        own = folder / partner.agency_id
        config.new_keys(own, partner.agency_id)
        public = (own / config.PUBLIC).read_text(encoding="utf-8")
        made = registrars.register(
            agency_id=partner.agency_id,
            name=partner.name,
            kind=partner.kind,
            area=partner.area,
            custody=Custody.OWN,
            jwks=json.loads(public),
            now=now,
        )
        with begin(sessions, keys, OPERATOR, now) as work:
            for worker in partner.workers:
                agencies.add_worker(
                    work,
                    agency_id=partner.agency_id,
                    worker_id=worker,
                    is_chair=worker == CHAIR,
                )
        answer = open_enrolment(made.answer, config.load_keys(own), partner.agency_id)
        config.keep_log_key(own, answer["log_key"])


def worker_of(agency_id: str) -> str:
    """The first worker of an agency."""
    return next(each.workers[0] for each in PARTNERS if each.agency_id == agency_id)


def name_of(agency_id: str) -> str:
    """What an agency is called."""
    return next(each.name for each in PARTNERS if each.agency_id == agency_id)


def connect(
    agency_id: str,
    send: Send,
    *,
    base_url: str,
    folder: Path,
    clock: Callable[[], datetime],
    worker: str | None = None,
) -> Gateway:
    """A client of one agency, with the keys of its folder."""
    return Gateway(
        send,
        base_url=base_url,
        agency_id=agency_id,
        keys=config.load_keys(folder / agency_id),
        worker=worker,
        clock=clock,
    )
