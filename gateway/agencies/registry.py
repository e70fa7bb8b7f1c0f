"""Owns what stands in the register: agencies, the keys that hold for them, and who was stopped.

Nobody is let in from here: what two operators approved comes from agencies.enrolment.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from gateway.agencies import hosted, key_events
from gateway.agencies.keysets import Thumbprints, check_jwks
from gateway.errors import Conflict, NotFound
from gateway.ledger import Work, ensure_agency_log_key
from gateway.schemas.codes import AgencyKind, Custody
from gateway.sealing import jose
from gateway.store import agencies as store
from gateway.store import agency_keys
from gateway.store.agencies import AgencyRow
from gateway.store.agency_keys import KeyLife, NewKey
from gateway.store.sessions import Session

ENROLMENT = "marac-enrolment+jwe"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """An agency with keys that hold from now on, and its log key in a JWE that only it opens."""

    agency: AgencyRow
    scopes: frozenset[str]
    thumbprints: Thumbprints
    ended: tuple[str, ...]  # ids of keys whose end is planned now
    answer: str


def register(work: Work, content: Mapping[str, Any], enrolment_id: str) -> Enrolment:
    """Let an agency in as two operators approved; for custody HOSTED its keys are made here.

    :raises Conflict: if the id is taken, or a key is known.
    """
    agency_id = content["agency"]
    if store.find_agency(work.session, agency_id):
        raise Conflict("The agency id is taken.")
    agency = AgencyRow(
        agency_id,
        content["name"],
        AgencyKind(content["kind"]),
        content["area"],
        Custody(content["custody"]),
        work.now,
    )
    scopes = frozenset(content["scopes"])
    store.add_agency(work.session, agency, scopes=sorted(scopes))
    keys = _keys(work, agency, content)
    _check_unknown(work.session, keys)
    _add(work, agency, keys, content, enrolment_id)
    return _enrolled(work, agency, scopes, keys, ())


def rekey(work: Work, content: Mapping[str, Any], enrolment_id: str) -> Enrolment:
    """Give an agency the keys that two operators approved; those it had end after the overlap.

    A key of the new set that holds already stays as it is.

    :raises NotFound: if there is no such agency.
    :raises Conflict: if a key is another agency's, has ended, or its id was given before.
    """
    agency = _existing(work.session, content["agency"])
    held = agency_keys.list_lives(work.session, agency_id=agency.id)
    holding = {life.thumbprint: life for life in held if life.holds(work.now)}
    keys = _keys(work, agency, content)
    new = [key for key in keys if key.thumbprint not in holding]
    _check_unknown(work.session, new)
    if {key.kid for key in new} & {life.kid for life in held}:
        raise Conflict("A key id is given once; make the key again with another.")
    kept = {key.thumbprint for key in keys}
    leaving = [life for life in holding.values() if life.thumbprint not in kept]
    until = work.now + timedelta(hours=content["overlap"])
    sooner = [each for each in leaving if each.valid_until is None or each.valid_until > until]
    for life in sooner:
        agency_keys.set_valid_until(work.session, agency.id, life.kid, until)
    key_events.record_ended(work, agency.id, sooner, because=enrolment_id, valid_until=until)
    _add(work, agency, new, content, enrolment_id)
    scopes = store.list_scopes(work.session, agency.id)
    return _enrolled(work, agency, scopes, keys, tuple(life.kid for life in leaving))


def check_free(session: Session, content: Mapping[str, Any], at: datetime) -> None:
    """Refuse early what could not be approved: an id that is taken, a key that is known.

    :raises Conflict: so. :raises NotFound: for other keys of an agency that is not there.
    """
    agency_id = content["agency"]
    agency = store.find_agency(session, agency_id)
    if content["act"] == "REGISTER" and agency is not None:
        raise Conflict("The agency id is taken.")
    if content["act"] == "REKEY" and agency is None:
        raise NotFound("There is no such agency.")
    prints = [jose.thumbprint(jwk) for jwk in content["keys"]]
    for life in agency_keys.list_by_thumbprint(session, prints):
        if life.agency_id != agency_id or not life.holds(at):
            raise _known()


def end_key(session: Session, agency_id: str, kid: str, at: datetime) -> KeyLife:
    """Stop a key; neither it nor a token that it asked for is accepted from now on.

    :raises NotFound: if the agency has no such key.
    :raises Conflict: if it does not hold any more.
    """
    _existing(session, agency_id)
    lives = agency_keys.list_lives(session, agency_id=agency_id)
    life = next((each for each in lives if each.kid == kid), None)
    if life is None:
        raise NotFound("The agency has no such key.")
    if not life.holds(at):
        raise Conflict("The key has ended already.")
    agency_keys.set_ended(session, agency_id, kid, at)
    return life


def list_lives(session: Session, agency_id: str) -> list[KeyLife]:
    """Return every key that an agency ever had, oldest first.

    :raises NotFound: if there is no such agency.
    """
    _existing(session, agency_id)
    return agency_keys.list_lives(session, agency_id=agency_id)


def list_agencies(session: Session) -> list[AgencyRow]:
    """Return all agencies, by area and id."""
    return store.list_agencies(session)


def suspend(session: Session, agency_id: str, at: datetime) -> AgencyRow:
    """Suspend an agency; nothing of it is accepted from the next request on (F5).

    :raises NotFound: if there is none.
    :raises Conflict: if it is suspended already.
    """
    agency = _existing(session, agency_id)
    if agency.suspended_at is not None:
        raise Conflict("The agency is suspended already.")
    store.set_suspended(session, agency_id, at)
    return agency


def resume(session: Session, agency_id: str) -> AgencyRow:
    """Let a suspended agency in again.

    :raises NotFound: if there is none.
    :raises Conflict: if it is not suspended.
    """
    agency = _existing(session, agency_id)
    if agency.suspended_at is None:
        raise Conflict("The agency is not suspended.")
    store.set_suspended(session, agency_id, None)
    return agency


def _existing(session: Session, agency_id: str) -> AgencyRow:
    agency = store.find_agency(session, agency_id)
    if agency is None:
        raise NotFound("There is no such agency.")
    return agency


def _keys(work: Work, agency: AgencyRow, content: Mapping[str, Any]) -> tuple[NewKey, ...]:
    if agency.custody is Custody.HOSTED:
        return hosted.make_pair(work.keys.provider, agency.id)
    return check_jwks({"keys": list(content["keys"])})


def _check_unknown(session: Session, keys: Sequence[NewKey]) -> None:
    """Two agencies never share a key, and what has ended does not come back."""
    if agency_keys.list_by_thumbprint(session, [key.thumbprint for key in keys]):
        raise _known()


def _known() -> Conflict:
    return Conflict("A key of this set was registered before; make new ones.")


def _add(
    work: Work,
    agency: AgencyRow,
    keys: Sequence[NewKey],
    content: Mapping[str, Any],
    enrolment_id: str,
) -> None:
    until = _midnight(content["valid_until"]) if content["valid_until"] else None
    agency_keys.add_keys(
        work.session,
        agency.id,
        keys,
        valid_from=work.now,
        valid_until=until,
        enrolment_id=enrolment_id,
    )
    key_events.record_added(work, agency, keys, because=enrolment_id, valid_until=until)


def _midnight(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC)


def _enrolled(
    work: Work,
    agency: AgencyRow,
    scopes: frozenset[str],
    keys: Sequence[NewKey],
    ended: tuple[str, ...],
) -> Enrolment:
    log_key = ensure_agency_log_key(work.session, work.keys, agency.id)
    return Enrolment(
        agency=agency,
        scopes=scopes,
        thumbprints=Thumbprints.of(keys),
        ended=ended,
        answer=_answer(agency.id, log_key, keys),
    )


def _answer(agency_id: str, log_key: bytes, keys: Iterable[NewKey]) -> str:
    to = next(key for key in keys if key.use == "enc")
    told = {"agency": agency_id, "log_key": jose.b64u(log_key)}
    text = json.dumps(told, separators=(",", ":")).encode()
    return jose.encrypt(text, jose.import_public(to.jwk, "enc"), to.kid, ENROLMENT, "json")
