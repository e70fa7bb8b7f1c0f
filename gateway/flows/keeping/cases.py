"""Owns exchanging the keys of cases, one case after the other; the job knows where it was."""

from __future__ import annotations

from gateway.agencies.operators import BECAUSE, only_operator
from gateway.disclosure import renew_case_key
from gateway.ledger import Act, Work
from gateway.store import key_jobs

CASES = "cases"


def begin_renewing(work: Work) -> int:
    """Begin the job, or take up the one that was interrupted; how many cases are to be done."""
    only_operator(work, "case.rekeying")
    started = key_jobs.start(work.session, CASES, work.now)
    work.record("case.rekeying", None, because=BECAUSE)
    return key_jobs.count_older_keys(work.session, started)


def renew_cases(work: Work, *, limit: int) -> int:
    """Give up to `limit` cases a new key, and end the job with the last; how many."""
    only_operator(work, "case.rekeyed")
    started = key_jobs.start(work.session, CASES, work.now)
    case_ids = key_jobs.list_older_keys(work.session, started, limit=limit)
    if not case_ids:
        key_jobs.end(work.session, CASES)
        work.record("case.rekeying", None, because=BECAUSE, outcome="ended")
        return 0
    work.record_all([Act("case.rekeyed", each, BECAUSE) for each in case_ids])
    for case_id in case_ids:
        renew_case_key(work, case_id)
    return len(case_ids)
