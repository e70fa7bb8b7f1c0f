"""Owns keeping out of a draft whoever is somebody in it, or close to one: as out of a case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date
from typing import Any

from gateway.errors import Denied
from gateway.ledger import Work
from gateway.rules.parties import person
from gateway.schemas import forms
from gateway.schemas.typed import Typed, to_document
from gateway.sealing import ties
from gateway.store import interests

_FORM = forms.FORMS["referral/1"]


def require_untied(work: Work, typed: Typed) -> None:
    """Refuse a person whose declaration meets anybody who is named so far.

    :raises Denied: if so: the answer is that of a draft that does not exist.
    """
    worker_id = work.caller.worker_id or ""
    mine = interests.list_worker_tokens(
        work.session, agency_id=work.caller.agency_id, worker_id=worker_id
    )
    if not mine:
        return
    named = [person(row) for row in _people(to_document(_FORM, typed, UTC))]
    for key in work.keys.indexes.values():
        if mine & ties.tokens_of_case(key, named):
            raise Denied("conflict")


def _people(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    children, household = document.get("children"), document.get("household", {})
    listed = [
        document.get("victim", {}),
        *document.get("perpetrators", ()),
        *(children if isinstance(children, list) else ()),
        *household.get("others", ()),
        *document.get("conflict_check", {}).get("people", ()),
    ]
    for row in listed:
        given = row.get("dob")
        text = given.get("value") if isinstance(given, Mapping) else given
        yield {**row, "dob": _day(text)}


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return None
