"""Owns a referral that is being typed in: begun, saved page by page, listed, dropped or over.

It belongs to its writer's agency. What tells how to reach her and where she is, is never in it:
that is typed when the referral is sent, and sealed at once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from gateway.disclosure import get_facts, require_page
from gateway.disclosure.drafts import DraftKey, new_draft_key, open_draft_key
from gateway.errors import Conflict, Denied, Invalid, Problem
from gateway.flows.referrals.sending import find_sender
from gateway.flows.referrals.submitting import find_own
from gateway.flows.referrals.tied import require_untied
from gateway.ledger import Work
from gateway.rules.clocks import due
from gateway.schemas.typed import Typed
from gateway.store import drafts as store
from gateway.store import ids
from gateway.store.drafts import DraftRow, FileRow

CLOCK = "CLK_DRAFT"
SOON = timedelta(days=1)
MOST_DRAFTS = 50  # of one person at a time: a desk, not an archive
MOST_TYPED = 400_000  # characters; the largest referral that the form allows is smaller
CHANGED = "changed_meanwhile"


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a draft as it was saved last; `version` counts its own savings."""

    typed: Typed = field(repr=False)
    version: int = 0
    by: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A referral that is being typed in. `agency_id` is whose it will be; "" if not chosen yet.

    `version` counts the savings of all its pages.
    """

    id: str
    version: int
    agency_id: str
    made_by: str
    changed_by: str
    changed_at: datetime
    expires_at: datetime
    pages: Mapping[str, Page] = field(repr=False)
    files: tuple[FileRow, ...]
    mends: str = ""  # the reference of a returned referral, if it is a new version of that
    case_id: str | None = None  # of that referral
    reasons: tuple[str, ...] = ()  # why that came back
    kept: tuple[str, ...] = ()  # what was sealed with it, and goes on unless it is typed anew

    @property
    def typed(self) -> Typed:
        """Everything that was typed on any page."""
        return {n: texts for page in self.pages.values() for n, texts in page.typed.items()}

    def page(self, name: str) -> Page:
        """One page; one that nobody saved is empty."""
        return self.pages.get(name) or Page({})


@dataclass(frozen=True, slots=True)
class Begun:
    """How many referrals one person began and did not send, and when the first is over."""

    drafts: int
    soon: int  # over within a day
    first_at: datetime | None


def begin_draft(work: Work, agency_id: str) -> str:
    """Begin a referral of the caller's own agency, or for a partner of its area; the draft's id.

    :raises Denied: if the caller may not type in for that agency.
    :raises Invalid: if there is no such partner.
    :raises Conflict: code too_many, if too many that the caller began wait to be sent.
    """
    work.attempt("draft.begin")
    _writer(work)
    find_sender(work, agency_id)
    work.record("draft.begin", None, because="own", facts={"for": agency_id})
    return make_draft(work, {"agency": agency_id}, {})


def make_draft(work: Work, content: Mapping[str, Any], pages: Mapping[str, Typed]) -> str:
    """Keep a new draft of the caller with what stands on its pages already; its id.

    :raises Conflict: code too_many, if too many that the caller began wait to be sent.
    """
    writer = _writer(work)
    rows = store.list_drafts(work.session, agency_id=work.caller.agency_id, now=work.now)
    mine = [row for row in rows if row.made_by == writer]
    # Only what the caller sees: a refusal must not tell that somebody close to it is in another.
    if len(mine) >= MOST_DRAFTS and len(list_seen(work, mine)) >= MOST_DRAFTS:
        raise Conflict("Send or drop some of what you began.", code="too_many")
    key = new_draft_key(work, ids.new(work.now, work.chance))
    profile = work.profiles.for_area(work.caller.area, work.today)
    over = due(profile.clocks[CLOCK], work.now, profile.working_days)
    kept = {
        name: {"typed": {n: list(t) for n, t in typed.items()}, "version": 0, "by": writer}
        for name, typed in pages.items()
    }
    store.add_draft(
        work.session,
        DraftRow(
            id=key.draft_id,
            agency_id=work.caller.agency_id,
            made_by=writer,
            made_at=work.now,
            changed_by=writer,
            changed_at=work.now,
            expires_at=over,
            version=1,
            epoch=key.epoch,
            wrapped=key.wrapped,
            content=key.seal("content", _dump({**content, "pages": kept})),
        ),
    )
    return key.draft_id


def list_drafts(work: Work) -> list[Draft]:
    """What the caller's agency has begun and not sent, by what expires first."""
    work.attempt("draft.listed")
    _writer(work)
    work.count("draft.listed")
    return list_seen(
        work, store.list_drafts(work.session, agency_id=work.caller.agency_id, now=work.now)
    )


def count_own(work: Work) -> Begun:
    """How many referrals the caller itself began and did not send, of those that it may see.

    A draft in which somebody close to the caller is named is not there.
    """
    work.attempt("draft.listed")
    writer = _writer(work)
    work.count("draft.listed")
    rows = store.list_drafts(work.session, agency_id=work.caller.agency_id, now=work.now)
    mine = list_seen(work, [row for row in rows if row.made_by == writer])
    over = sorted(each.expires_at for each in mine)
    return Begun(len(over), sum(at - work.now < SOON for at in over), over[0] if over else None)


def read_draft(work: Work, draft_id: str) -> Draft:
    """A draft of the caller's agency, with all that was typed.

    :raises Denied: if there is none, or it is over.
    """
    work.attempt("draft.read")
    row = find_row(work, draft_id)
    work.record("draft.read", None, because="own")
    found = _opened(work, row, open_draft_key(work, row))
    _record_case(work, found, "draft.read")
    return found


def save_page(work: Work, draft_id: str, name: str, typed: Typed, seen: int) -> Draft:
    """Keep one page of a draft as it was typed; `seen` is its version when it was opened.

    Two people may type in different pages at a time.

    :raises Denied: if there is no such draft.
    :raises Conflict: code changed_meanwhile, if somebody saved this page since; nothing is kept.
    :raises Invalid: if it is far too long.
    """
    work.attempt("draft.save")
    row = find_row(work, draft_id, is_locked=True)
    work.record("draft.save", None, because="own")
    key = open_draft_key(work, row)
    found = _opened(work, row, key)  # who may not see what is there may not write over it
    _record_case(work, found, "draft.save")
    content = json.loads(key.open("content", row.content))
    kept = content["pages"].get(name, {"version": 0})
    if kept["version"] != seen:
        raise Conflict("Somebody saved this page since it was opened.", code=CHANGED)
    writer = _writer(work)
    content["pages"][name] = {
        "typed": {n: list(texts) for n, texts in typed.items()},
        "version": seen + 1,
        "by": writer,
    }
    text = _dump(content)
    if len(text) > MOST_TYPED:
        raise Invalid("This is far too much text.", Problem("too_long", ""))
    store.set_content(
        work.session,
        draft_id,
        content=key.seal("content", text),
        version=row.version + 1,
        by=writer,
        at=work.now,
    )
    return read_again(work, draft_id, key)


def drop_draft(work: Work, draft_id: str) -> None:
    """Destroy a draft that is not to be sent, with its key and its files.

    :raises Denied: if there is none.
    """
    work.attempt("draft.drop")
    row = find_row(work, draft_id, is_locked=True)
    work.record("draft.drop", None, because="own")
    read_again(work, draft_id, open_draft_key(work, row))
    store.remove_draft(work.session, draft_id)


def find_row(work: Work, draft_id: str, *, is_locked: bool = False) -> DraftRow:
    """The row of a draft of the caller's agency.

    :raises Denied: if there is none.
    """
    _writer(work)
    row = store.find_draft(
        work.session,
        draft_id,
        agency_id=work.caller.agency_id,
        now=work.now,
        is_locked=is_locked,
    )
    if row is None:
        raise Denied("absent")
    return row


def read_again(work: Work, draft_id: str, key: DraftKey) -> Draft:
    """A draft after it was changed in this Work."""
    return _opened(work, find_row(work, draft_id), key)


def _writer(work: Work) -> str:
    """Who types. :raises Denied: if it is an agency's software: that has the API."""
    if work.caller.worker_id is None:
        raise Denied("no-person")
    return work.caller.worker_id


def list_seen(work: Work, rows: Sequence[DraftRow]) -> list[Draft]:
    """Those of some drafts in which nobody is named to whom the reader is close."""
    found = []
    for row in rows:
        with suppress(Denied):  # somebody close to the reader is in it: it is not there
            found.append(_opened(work, row, open_draft_key(work, row)))
    return found


def _opened(work: Work, row: DraftRow, key: DraftKey) -> Draft:
    content = json.loads(key.open("content", row.content))
    pages = {
        name: Page(page["typed"], page["version"], page["by"])
        for name, page in content["pages"].items()
    }
    case_id = _mended(work, content.get("mends", ""))
    require_untied(work, {n: texts for page in pages.values() for n, texts in page.typed.items()})
    files: Sequence[FileRow] = store.list_files(work.session, row.id)
    return Draft(
        id=row.id,
        version=row.version,
        agency_id=content["agency"],
        made_by=row.made_by,
        changed_by=row.changed_by,
        changed_at=row.changed_at,
        expires_at=row.expires_at,
        pages=pages,
        files=tuple(files),
        mends=content.get("mends", ""),
        case_id=case_id,
        reasons=tuple(content.get("reasons", ())),
        kept=tuple(content.get("kept", ())),
    )


def _mended(work: Work, reference: str) -> str | None:
    """The case of the referral that a draft mends: what is in the draft is of that case.

    :raises Denied: to whoever is behind its wall by now, and where no page shows the case.
    """
    if not reference:
        return None
    row = find_own(work, reference)
    require_page(work, get_facts(work, row.case_id))
    return row.case_id


def _record_case(work: Work, found: Draft, event: str) -> None:
    """Write into the log of the case, too, that somebody opened what is a part of it."""
    if found.case_id is not None:
        work.record(event, found.case_id, because="mends")


def _dump(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
