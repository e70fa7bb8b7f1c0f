"""Owns exchanging the keys of cases, one case after the other; the job knows where it was."""

from __future__ import annotations

from gateway.agencies.operators import BECAUSE, only_operator
from gateway.disclosure import lock_standing, renew_case_key
from gateway.ledger import Act, Work
from gateway.store import key_jobs

CASES = "cases"


def begin_renewing(work: Work) -> int:
    """Begin the job, or take up the one that was interrupted; how many cases are to be done."""
    only_operator(work, "case.rekeying")
    with work.keeping():
        started = key_jobs.start(work.session, CASES, work.now)
        count = key_jobs.count_older_keys(work.session, started)
    work.record("case.rekeying", None, because=BECAUSE)
    return count


def renew_cases(work: Work, *, limit: int) -> int:
    """Give up to `limit` cases a new key, and end the job with the last; how many.

    A case that is erased at this moment counts, too.
    """
    only_operator(work, "case.rekeyed")
    with work.keeping():
        started = key_jobs.start(work.session, CASES, work.now)
        listed = key_jobs.list_older_keys(work.session, started, limit=limit)
        if not listed:
            key_jobs.end(work.session, CASES)
    if not listed:
        work.record("case.rekeying", None, because=BECAUSE, outcome="ended")
        return 0
    case_ids = lock_standing(work, listed)
    if not case_ids:
        work.count("case.rekeyed.none")
        return len(listed)
    work.record_all([Act("case.rekeyed", each, BECAUSE) for each in case_ids])
    for case_id in case_ids:
        with work.keeping(case_id):
            renew_case_key(work, case_id)
    return len(listed)
