"""Owns indexing everybody anew with another index key, case by case, while matching goes on."""

from __future__ import annotations

from gateway.agencies import interests as declared
from gateway.agencies.inbox import read_kept
from gateway.agencies.operators import BECAUSE, only_operator
from gateway.disclosure import lock_standing, open_case_key, open_value
from gateway.flows.referrals import importing, people
from gateway.ledger import Act, Work
from gateway.schemas import forms
from gateway.store import epochs, interests, parties, referrals
from gateway.store.sessions import Session


def count_to_index(session: Session, index_key: str) -> int:
    """How many cases are still indexed with another key than the current one."""
    return parties.count_indexed_otherwise(session, index_key) + interests.count_indexed_otherwise(
        session, index_key
    )


def index_anew(work: Work, *, limit: int) -> int:
    """Index up to `limit` cases with the current key; how many. Each is recorded before.

    A case that is erased at this moment counts, too.

    The document is opened within, and nothing of it comes out but tokens.
    """
    only_operator(work, "case.reindexed")
    name = work.keys.index_name
    with work.keeping():
        listed = parties.list_indexed_otherwise(work.session, name, limit=limit)
        if listed:  # the keys that made these did not rest: their days are counted anew
            older = parties.list_index_keys(work.session) - {name}
            epochs.forget_retired(work.session, older)
    case_ids = lock_standing(work, listed)
    if not case_ids:
        if listed:
            work.count("case.reindexed.none")
            return len(listed)
        return _declarations(work, limit)
    work.record_all(
        [Act("case.reindexed", each, BECAUSE, facts={"key": name}) for each in case_ids]
    )
    for case_id in case_ids:
        with work.keeping(case_id):
            _index_anew(work, case_id)
    return len(listed)


def _declarations(work: Work, limit: int) -> int:
    """After the cases what staff declared; opened within, and nothing comes out but values."""
    done = declared.index_anew(work, limit=limit)
    if not done:
        work.count("case.reindexed.none")
        return 0
    facts = {"key": work.keys.index_name, "declarations": done}
    work.record("interest.reindexed", None, because=BECAUSE, facts=facts)
    return done


def _index_anew(work: Work, case_id: str) -> None:
    reference, version, cell = referrals.list_documents(work.session, case_id)[-1]
    signed = open_value(
        open_case_key(work, case_id),
        table="referral_version",
        column="document",
        row=f"{reference}/{version}",
        cell=cell,
    )
    form, document = read_kept(signed)
    is_imported = form == importing.FORM
    loaded = importing.loaded(document) if is_imported else forms.load(form, dict(document))
    people.index_anew(work, case_id, loaded)
