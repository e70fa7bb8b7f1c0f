"""Owns the keyed index of people and the links between cases that it suggests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Boolean, bindparam, delete, func, insert, or_, select, update

from gateway.store import tables as t
from gateway.store.prepared import Prepared
from gateway.store.rows import add_all, change
from gateway.store.sessions import Session


@dataclass(frozen=True, slots=True)
class Hit:
    """A person of an earlier case who shares a token, and which of ours it is."""

    case_id: str
    role: str  # the role over there: VICTIM or PERPETRATOR
    token: bytes


@dataclass(frozen=True, slots=True)
class LinkRow:
    """Two cases that may belong together."""

    case_id: str
    other_id: str
    kind: str
    repeats: tuple[str, ...]
    status: str
    at: datetime


_HITS = Prepared(
    select(t.party.c.case_id, t.party.c.role, t.party_token.c.token)
    .join(t.party, t.party.c.id == t.party_token.c.party_id)
    .where(t.party_token.c.token.in_(bindparam("tokens", expanding=True)))
)
_LINKS = Prepared(
    select(
        t.link.c.case_id,
        t.link.c.other_id,
        t.link.c.kind,
        t.link.c.repeats,
        t.link.c.status,
        t.link.c.at,
    )
    .where(t.link.c.case_id.in_(bindparam("ids", expanding=True)))
    .order_by(t.link.c.at, t.link.c.other_id)
)


def list_hits(session: Session, tokens: Iterable[bytes]) -> list[Hit]:
    """Everybody who shares one of `tokens`, in one statement by index."""
    return [Hit(*row) for row in _HITS.rows(session, tokens=list(tokens))]


def add_parties(
    session: Session,
    *,
    case_id: str,
    parties: Mapping[str, tuple[str, Iterable[bytes]]],
    index_key: str,
) -> None:
    """Index the people of a case: party id to (role, tokens), made with the key of that name."""
    add_all(
        session,
        t.party,
        [
            {"id": party_id, "case_id": case_id, "role": role, "index_key": index_key}
            for party_id, (role, _) in parties.items()
        ],
    )
    tokens = [
        {"token": token, "party_id": party_id}
        for party_id, (_, person) in parties.items()
        for token in person
    ]
    if tokens:
        add_all(session, t.party_token, tokens)


def drop_parties(session: Session, case_id: str) -> None:
    """Forget who is in a case, before it is indexed anew."""
    mine = select(t.party.c.id).where(t.party.c.case_id == case_id)
    session.execute(delete(t.party_token).where(t.party_token.c.party_id.in_(mine)))
    session.execute(delete(t.party).where(t.party.c.case_id == case_id))


_NEW_LINK = [column.name for column in t.link.c]
_ADD_LINK = Prepared(
    insert(t.link).from_select(
        _NEW_LINK,
        select(*(bindparam(name, type_=t.link.c[name].type) for name in _NEW_LINK)).where(
            bindparam("is_real", type_=Boolean())
        ),
    )
)


def add_links(session: Session, case_id: str, links: Sequence[LinkRow]) -> None:
    """Suggest links of a case; none is the same statements, so that time does not tell of one."""
    rows = [
        {
            "case_id": row.case_id,
            "other_id": row.other_id,
            "kind": row.kind,
            "repeats": list(row.repeats),
            "status": row.status,
            "at": row.at,
            "is_real": True,
        }
        for row in links
    ]
    # The case stands in it, so that the second wall asks for its members then, too.
    unreal = dict.fromkeys(_NEW_LINK) | {"case_id": case_id, "is_real": False}
    _ADD_LINK.run(session, rows or [unreal])


def list_links(session: Session, case_ids: Sequence[str]) -> list[LinkRow]:
    """Links from these cases to earlier ones."""
    rows = _LINKS.rows(session, ids=case_ids) if case_ids else ()
    return [LinkRow(*(*row[:3], tuple(row[3]), *row[4:])) for row in rows]


def set_link(session: Session, link: LinkRow, status: str) -> None:
    """Keep what a person said of a suggested link."""
    of = t.link.c
    mine = (of.case_id == link.case_id, of.other_id == link.other_id, of.kind == link.kind)
    change(session, update(t.link).where(*mine).values(status=status))


_REVERSED = select(t.link.c.case_id, t.link.c.other_id).where(
    or_(t.link.c.case_id == bindparam("id"), t.link.c.other_id == bindparam("id")),
    t.link.c.kind == "REVERSED",
    t.link.c.status != "REJECTED",
)


def list_reversed(session: Session, case_id: str) -> list[str]:
    """The cases that have the same people the other way round, by id."""
    rows = session.execute(_REVERSED, {"id": case_id})
    return sorted({each for row in rows for each in row} - {case_id})


def count_indexed_otherwise(session: Session, index_key: str) -> int:
    """How many cases have people who are indexed with another key than this one."""
    p = t.party.c
    query = select(func.count(p.case_id.distinct())).where(p.index_key != index_key)
    return session.execute(query).scalar_one()


def list_indexed_otherwise(session: Session, index_key: str, *, limit: int) -> list[str]:
    """Cases with people who are indexed with another key than this one, by id."""
    p = t.party.c
    query = select(p.case_id).where(p.index_key != index_key).distinct().order_by(p.case_id)
    return list(session.execute(query.limit(limit)).scalars())


def list_index_keys(session: Session) -> frozenset[str]:
    """Every index key with which anybody is indexed, in a case or by a declaration, by name."""
    return frozenset(
        name
        for table in (t.party, t.interest)
        for name in session.execute(select(table.c.index_key).distinct()).scalars()
    )
