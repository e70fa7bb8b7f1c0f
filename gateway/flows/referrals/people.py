"""Owns finding people again: indexing who a referral names, and suggesting what belongs together.

Everything found here is for the coordinator alone. It is done in the same way, with the same
statements, whether anybody is found or not, and changes nothing of the referrer's answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from gateway.ledger import Work
from gateway.profiles.loader import Profile
from gateway.rules.criteria import is_criminal
from gateway.rules.facts import EarlierCase
from gateway.rules.matching import RepeatRule, is_repeat
from gateway.schemas.codes import DatePrecision, RepeatDefinition
from gateway.schemas.forms import value_of
from gateway.sealing.index import party_tokens, party_values, tokens_of
from gateway.store import cases, conferences, ids, parties
from gateway.store.parties import LinkRow

Document = Mapping[str, Any]
VICTIM, PERPETRATOR = "VICTIM", "PERPETRATOR"
SAME_PEOPLE = "SAME_PEOPLE"


MOST = 25  # earlier cases looked at; the rest of a very long history adds nothing to a prompt


def index(work: Work, case_id: str, document: Document, profile: Profile, *, is_new: bool) -> None:
    """Index the people of a case and propose links to earlier cases."""
    people = _people(document)
    named = [(role, party_values(person)) for role, person in people]
    tokens = [(role, tokens_of(work.keys.index, values)) for role, values in named]
    # Looked for with every index key: while one is exchanged, some are still indexed by the older.
    older = list(work.keys.indexes.values())[1:]
    sought = [
        (role, mine.union(*(tokens_of(key, values) for key in older)))
        for (role, mine), (_, values) in zip(tokens, named, strict=True)
    ]
    everyone = sorted({token for _, mine in sought for token in mine})
    others = frozenset().union(*(mine for _, mine in sought[1:]))
    with work.matching():
        hits = parties.list_hits(work.session, everyone)
        kinds = _kinds(case_id, hits, sought[0][1], others)
        # Its own id is among them, so that the statements are the same where nobody is found.
        earlier = _earlier(work, [case_id, *sorted(kinds)[:MOST]])
    if not is_new:
        parties.drop_parties(work.session, case_id)
    parties.add_parties(
        work.session,
        case_id=case_id,
        parties={ids.new(work.now): entry for entry in tokens},
        index_key=work.keys.index_name,
    )
    links = [] if is_new else parties.list_links(work.session, [case_id])
    standing = {(row.other_id, row.kind) for row in links}
    parties.add_links(
        work.session,
        [
            LinkRow(
                case_id,
                other,
                kind,
                repeats_under(document, earlier[other], profile.repeat, work.now.date())
                if kind == SAME_PEOPLE
                else (),
                "PROPOSED",
                work.now,
            )
            for other, kind in sorted(kinds.items())
            if (other, kind) not in standing and other in earlier
        ],
    )


def index_anew(work: Work, case_id: str, document: Document) -> None:
    """Index the people of a case with the current key instead of an older one; nothing else."""
    parties.drop_parties(work.session, case_id)
    tokens = [(role, party_tokens(work.keys.index, person)) for role, person in _people(document)]
    parties.add_parties(
        work.session,
        case_id=case_id,
        parties={ids.new(work.now): entry for entry in tokens},
        index_key=work.keys.index_name,
    )


def _people(document: Document) -> list[tuple[str, Any]]:
    return [
        (VICTIM, document["victim"]),
        *((PERPETRATOR, row) for row in document["perpetrators"]),
    ]


def repeats_under(
    document: Document, earlier: EarlierCase, rule: RepeatRule, on: date
) -> tuple[str, ...]:
    """The definitions of a repeat under which any incident of a referral repeats an earlier case.

    An incident without a date is read as now.
    """
    return tuple(
        str(definition)
        for definition in RepeatDefinition
        if any(
            is_repeat(
                replace(rule, definition=definition),
                earlier,
                value_of(incident["occurred_on"]) or on,
                DatePrecision(incident.get("precision", DatePrecision.DAY)),
                is_criminal=is_criminal(incident["kinds"]),
            )
            for incident in document["incidents"]
        )
    )


def _earlier(work: Work, case_ids: Sequence[str]) -> dict[str, EarlierCase]:
    """Earlier cases that may be told of: never one that is shared with nobody (V41)."""
    found = cases.list_cases(work.session, case_ids)
    dates = conferences.list_dates(work.session, case_ids)
    unshared = cases.list_unshared(work.session, case_ids, on=work.now.date())
    return {
        case_id: EarlierCase(
            case_id,
            row.opened_at.date(),
            dates[case_id].date() if case_id in dates and dates[case_id] <= work.now else None,
        )
        for case_id, row in found.items()
        if case_id not in unshared
    }


# What two cases look like side by side: (role here, role there) pairs that must all be there.
_LINKS: tuple[tuple[str, frozenset[tuple[str, str]]], ...] = (
    (SAME_PEOPLE, frozenset({(VICTIM, VICTIM), (PERPETRATOR, PERPETRATOR)})),
    ("REVERSED", frozenset({(VICTIM, PERPETRATOR), (PERPETRATOR, VICTIM)})),
    ("SAME_PERPETRATOR", frozenset({(PERPETRATOR, PERPETRATOR)})),
    ("SAME_VICTIM", frozenset({(VICTIM, VICTIM)})),
)


def _kinds(
    case_id: str,
    hits: list[parties.Hit],
    victim: frozenset[bytes],
    others: frozenset[bytes],
) -> dict[str, str]:
    """What each earlier case looks like next to this one; the first kind that fits."""
    seen: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for hit in hits:
        for role, mine in ((VICTIM, victim), (PERPETRATOR, others)):
            if hit.token in mine and hit.case_id != case_id:
                seen[hit.case_id].add((role, hit.role))
    fitting = {
        other: [kind for kind, needed in _LINKS if needed <= pairs] for other, pairs in seen.items()
    }
    return {other: kinds[0] for other, kinds in fitting.items() if kinds}
