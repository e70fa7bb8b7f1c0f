"""Owns what a worker declares of itself: sealed under a key of its own, and as keyed values.

Nobody reads a declaration again: it is opened for new values when the index key is exchanged, and
goes when the worker makes another.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from gateway.ledger import Work
from gateway.rules import parties
from gateway.schemas import forms
from gateway.sealing import cells, ties
from gateway.sealing.keys import interest_context
from gateway.store import interests as store
from gateway.store.interests import InterestRow

FORM = "interests/1"


def keep(work: Work, worker_id: str, document: Mapping[str, Any]) -> frozenset[str]:
    """Keep a declaration in place of the one before; the cases whose hits changed by it."""
    agency_id = work.caller.agency_id
    with work.matching():
        before = store.list_hit_cases(work.session, agency_id=agency_id, worker_id=worker_id)
    key = cells.new_key()
    epoch, wrapped = work.keys.provider.wrap(key, interest_context(agency_id, worker_id))
    row = InterestRow(
        agency_id=agency_id,
        worker_id=worker_id,
        epoch=epoch,
        wrapped=wrapped,
        content=_seal(key, agency_id, worker_id, document),
        index_key=work.keys.index_name,
        declared_at=work.now,
    )
    store.put_interest(work.session, row, _tokens(work, document))
    with work.matching():
        after = store.list_hit_cases(work.session, agency_id=agency_id, worker_id=worker_id)
    return frozenset(before) ^ frozenset(after)


def has_declared(work: Work, agency_id: str, worker_id: str) -> bool:
    """Whether a worker said whom it is close to."""
    with work.keeping():  # another agency's declarations are kept, not seen
        row = store.find_interest(work.session, agency_id=agency_id, worker_id=worker_id)
    return row is not None


def index_anew(work: Work, *, limit: int) -> int:
    """Make the values of up to `limit` declarations with the current index key; how many.

    Each is opened within, and nothing of it comes out but the values.
    """
    with work.keeping():
        rows = store.list_indexed_otherwise(work.session, work.keys.index_name, limit=limit)
        for row in rows:
            context = interest_context(row.agency_id, row.worker_id)
            key = work.keys.provider.unwrap(row.epoch, row.wrapped, context)
            plain = cells.open_cell(key, **_place(row.agency_id, row.worker_id), cell=row.content)
            tokens = _tokens(work, json.loads(plain))
            store.set_tokens(work.session, row, tokens, index_key=work.keys.index_name)
    return len(rows)


def _tokens(work: Work, document: Mapping[str, Any]) -> frozenset[bytes]:
    """Under every index key: while one is exchanged, some cases are still indexed by the older."""
    people = parties.declared(forms.load(FORM, document))
    made = (ties.tokens_of_staff(key, people) for key in work.keys.indexes.values())
    return frozenset().union(*made)


def _seal(key: bytes, agency_id: str, worker_id: str, document: Mapping[str, Any]) -> bytes:
    plain = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return cells.seal_cell(key, **_place(agency_id, worker_id), gen=1, plaintext=plain)


def _place(agency_id: str, worker_id: str) -> Any:
    return {
        "table": "interest",
        "column": "content",
        "row": worker_id,
        "case": agency_id,  # what a cell is bound to besides its row: here the agency
    }
