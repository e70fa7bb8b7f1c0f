"""Owns sealed sections, case keys and section grants: ciphertext and who may be handed it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, and_, bindparam, delete, or_, select, update

from gateway.store import tables as t
from gateway.store.prepared import Prepared
from gateway.store.rows import add, add_all, change
from gateway.store.sessions import Session


# Some twenty for each case that is read: tuples are made in a third of a dataclass's time.
class SectionRow(NamedTuple):
    """One stored section without its content."""

    section_id: str
    case_id: str
    name: str
    part: str  # FULL, SUMMARY, SEALED, ALERT or SCAN
    audience: str | None
    owner_id: str


@dataclass(frozen=True, slots=True)
class SealedSection:
    """A section with its key under the case key, and its content under that key."""

    row: SectionRow
    key: bytes
    content: bytes


@dataclass(frozen=True, slots=True)
class GrantRow:
    """A section key, wrapped by the case key for one agency."""

    section_id: str
    agency_id: str
    case_id: str
    wrapped: bytes


class Granted(NamedTuple):
    """A section an agency has a grant for: everything needed to open it but the case key."""

    row: SectionRow
    wrapped: bytes
    content: bytes


_ROW = (
    t.section.c.id,
    t.section.c.case_id,
    t.section.c.name,
    t.section.c.part,
    t.section.c.audience,
    t.section.c.owner_id,
)


_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_CASE_KEYS = Prepared(
    select(t.case_key.c.case_id, t.case_key.c.gen, t.case_key.c.epoch, t.case_key.c.wrapped)
    .where(t.case_key.c.case_id.in_(_IDS), t.case_key.c.wrapped.is_not(None))
    .order_by(t.case_key.c.gen)
)
_SECTIONS = Prepared(
    select(*_ROW)
    .where(t.section.c.case_id.in_(_IDS), t.section.c.superseded_at.is_(None))
    .order_by(t.section.c.id)  # in the order in which they were written
)
_SOME_SECTIONS = Prepared(
    select(*_ROW)
    .where(
        t.section.c.case_id.in_(_IDS),
        t.section.c.superseded_at.is_(None),
        or_(
            t.section.c.name.in_(bindparam("names", expanding=True)),
            t.section.c.audience.is_not(None),
            t.section.c.owner_id == bindparam("owner"),
        ),
    )
    .order_by(t.section.c.id)
)
_GRANTED = Prepared(
    select(*_ROW, t.section_grant.c.wrapped, t.section.c.content)
    .join(
        t.section_grant,
        and_(
            t.section_grant.c.case_id == t.section.c.case_id,
            t.section_grant.c.agency_id == bindparam("agency"),
            t.section_grant.c.section_id == t.section.c.id,
        ),
    )
    .where(
        t.section.c.case_id.in_(_IDS),
        t.section.c.name.in_(bindparam("names", expanding=True)),
        t.section.c.superseded_at.is_(None),
        or_(t.section.c.audience.is_(None), t.section.c.audience == bindparam("agency")),
    )
    .order_by(t.section.c.id)  # in the order in which they were written
)
_PART = Prepared(
    select(t.section.c.case_id, t.section.c.id, t.section.c.key, t.section.c.content)
    .where(
        t.section.c.case_id.in_(_IDS),
        t.section.c.part == bindparam("part"),
        t.section.c.superseded_at.is_(None),
    )
    .order_by(t.section.c.id)
)
_KEYS = Prepared(select(t.section.c.id, t.section.c.key).where(t.section.c.id.in_(_IDS)))
_CONTENTS = Prepared(select(t.section.c.id, t.section.c.content).where(t.section.c.id.in_(_IDS)))


def add_case_key(
    session: Session, *, case_id: str, gen: int, epoch: str, wrapped: bytes, made_at: datetime
) -> None:
    """Keep a case key, wrapped by the key provider."""
    add(
        session,
        t.case_key,
        case_id=case_id,
        gen=gen,
        epoch=epoch,
        wrapped=wrapped,
        made_at=made_at,
    )


def drop_case_keys(session: Session, case_id: str) -> None:
    """Destroy every key that a case has; that there was one stays."""
    k = t.case_key
    change(session, update(k).where(k.c.case_id == case_id).values(wrapped=None), many=True)


def list_all_sealed(session: Session, case_id: str) -> list[tuple[str, bytes, bytes]]:
    """Every section of a case, superseded ones too: (id, key under the case key, content)."""
    s = t.section
    rows = session.execute(select(s.c.id, s.c.key, s.c.content).where(s.c.case_id == case_id))
    return [(row[0], row[1], row[2]) for row in rows]


def list_case_keys(session: Session, case_ids: Sequence[str]) -> dict[str, tuple[int, str, bytes]]:
    """The newest key of each case as (gen, epoch, wrapped); destroyed ones are absent."""
    rows = _CASE_KEYS.rows(session, ids=case_ids) if case_ids else ()
    return {case_id: (gen, epoch, wrapped) for case_id, gen, epoch, wrapped in rows}


def add_sections(session: Session, sections: Sequence[SealedSection], *, at: datetime) -> None:
    """Keep sections with their sealed content."""
    add_all(
        session,
        t.section,
        [
            {
                "id": sealed.row.section_id,
                "case_id": sealed.row.case_id,
                "name": sealed.row.name,
                "part": sealed.row.part,
                "audience": sealed.row.audience,
                "owner_id": sealed.row.owner_id,
                "key": sealed.key,
                "content": sealed.content,
                "written_at": at,
            }
            for sealed in sections
        ],
    )


def supersede(session: Session, *, reference: str, case_id: str, at: datetime) -> None:
    """Put aside what earlier versions of a referral said, because a new one replaces them.

    What was added apart from a version, such as a later risk assessment, stays; a copy of a sealed
    section that was sealed later does not. The old text stays too, sealed; nobody holds a key of
    it any more.
    """
    s, g, v, r = t.section, t.section_grant, t.referral_version, t.referral
    versions = select(v.c.received_at).where(v.c.reference == reference)
    sender = select(r.c.agency_id).where(r.c.reference == reference).scalar_subquery()
    is_copy = and_(s.c.part == "SEALED", s.c.owner_id == sender)
    is_old = or_(s.c.written_at.in_(versions), is_copy)
    old = and_(s.c.case_id == case_id, s.c.superseded_at.is_(None), is_old)
    ids = select(s.c.id).where(old)
    session.execute(delete(g).where(g.c.case_id == case_id, g.c.section_id.in_(ids)))
    session.execute(update(s).where(old).values(superseded_at=at))


def set_aside(session: Session, *, case_id: str, section_ids: Sequence[str], at: datetime) -> None:
    """Put sections aside that their owner replaces. The text stays, sealed; nobody holds its key.

    As many as were named: a section that is not there is an error.
    """
    s = t.section
    for section_id in section_ids:
        which = (s.c.case_id == case_id, s.c.id == section_id)
        change(session, update(s).where(*which).values(superseded_at=at))


def list_sections(session: Session, case_ids: Sequence[str]) -> list[SectionRow]:
    """The sections of each case that stand now, in the order they were written."""
    rows = _SECTIONS.rows(session, ids=case_ids) if case_ids else ()
    return list(map(SectionRow._make, rows))


def list_some_sections(
    session: Session, case_ids: Sequence[str], *, agency_id: str, names: Iterable[str]
) -> list[SectionRow]:
    """Those of these names, whatever is sealed, and what the agency contributed, in that order."""
    asked = {"ids": case_ids, "names": sorted(names), "owner": agency_id}
    rows = _SOME_SECTIONS.rows(session, **asked) if case_ids else ()
    return list(map(SectionRow._make, rows))


def list_granted(
    session: Session, case_ids: Sequence[str], *, agency_id: str, names: Iterable[str]
) -> list[Granted]:
    """The standing sections with one of `names` that `agency_id` holds a grant for.

    A sealed copy is listed for its own audience only.
    """
    rows = _GRANTED.rows(session, ids=case_ids, names=sorted(names), agency=agency_id)
    return [Granted(SectionRow(*row[:6]), row[6], row[7]) for row in rows]


def list_part(
    session: Session, case_ids: Sequence[str], *, part: str
) -> list[tuple[str, str, bytes, bytes]]:
    """Every standing section of one part: (case, id, key under the case key, content)."""
    rows = _PART.rows(session, ids=case_ids, part=part) if case_ids else ()
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def list_grants(session: Session, case_id: str) -> list[GrantRow]:
    """Every grant of a case."""
    g = t.section_grant
    rows = session.execute(
        select(g.c.section_id, g.c.agency_id, g.c.case_id, g.c.wrapped).where(
            g.c.case_id == case_id
        )
    )
    return [GrantRow(*row) for row in rows]


def add_grants(session: Session, grants: Sequence[GrantRow]) -> None:
    """Hand out wrapped section keys."""
    if not grants:
        return
    add_all(
        session,
        t.section_grant,
        [
            {
                "section_id": grant.section_id,
                "agency_id": grant.agency_id,
                "case_id": grant.case_id,
                "wrapped": grant.wrapped,
            }
            for grant in grants
        ],
    )


def drop_grants(session: Session, *, case_id: str, section_ids: Sequence[str]) -> None:
    """Take back every grant of these sections of a case."""
    g = t.section_grant
    session.execute(delete(g).where(g.c.case_id == case_id, g.c.section_id.in_(section_ids)))


def list_keys(session: Session, section_ids: Sequence[str]) -> dict[str, bytes]:
    """Section keys under their case keys, by section id."""
    return {row[0]: row[1] for row in _KEYS.rows(session, ids=section_ids)}


def list_contents(session: Session, section_ids: Sequence[str]) -> dict[str, bytes]:
    """Sealed contents by section id."""
    return {row[0]: row[1] for row in _CONTENTS.rows(session, ids=section_ids)}


def set_sealed(session: Session, *, section_id: str, key: bytes, content: bytes) -> None:
    """Put the same text under a new section key."""
    s = t.section
    change(session, update(s).where(s.c.id == section_id).values(key=key, content=content))


def set_place(session: Session, row: SectionRow, *, at: datetime) -> None:
    """Give a section that nobody was granted another name, owner or part, as written `at`."""
    s = t.section
    values = {"name": row.name, "owner_id": row.owner_id, "part": row.part, "written_at": at}
    change(session, update(s).where(s.c.id == row.section_id).values(**values))
