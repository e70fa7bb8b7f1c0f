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

from gateway.agencies import directory
from gateway.ledger import Work
from gateway.profiles.loader import Profile
from gateway.rules import parties as around
from gateway.rules.criteria import is_criminal
from gateway.rules.facts import EarlierCase
from gateway.rules.matching import RepeatRule, is_repeat
from gateway.schemas.codes import ConflictAct, DatePrecision, RepeatDefinition
from gateway.schemas.forms import value_of
from gateway.sealing import ties
from gateway.sealing.index import party_tokens, party_values, tokens_of
from gateway.store import cases, conferences, conflicts, dated, ids, interests, parties
from gateway.store import tables as t
from gateway.store.parties import LinkRow

Document = Mapping[str, Any]
VICTIM, PERPETRATOR = "VICTIM", "PERPETRATOR"
SAME_PEOPLE = "SAME_PEOPLE"
GATEWAY = "@gateway"  # who found it: nobody's act


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
        parties={ids.new(work.now, work.chance): entry for entry in tokens},
        index_key=work.keys.index_name,
    )
    _compare_with_staff(work, case_id, document, is_new=is_new)
    _find_employers(work, case_id, document, is_new=is_new)
    links = [] if is_new else parties.list_links(work.session, [case_id])
    standing = {(row.other_id, row.kind) for row in links}
    parties.add_links(
        work.session,
        case_id,
        [
            LinkRow(
                case_id,
                other,
                kind,
                repeats_under(document, earlier[other], profile.repeat, work.today)
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
    _compare_with_staff(work, case_id, document, is_new=False)
    parties.drop_parties(work.session, case_id)
    tokens = [(role, party_tokens(work.keys.index, person)) for role, person in _people(document)]
    parties.add_parties(
        work.session,
        case_id=case_id,
        parties={ids.new(work.now, work.chance): entry for entry in tokens},
        index_key=work.keys.index_name,
    )


def _compare_with_staff(work: Work, case_id: str, document: Document, *, is_new: bool) -> None:
    """Keep the keyed values by which staff are found to be somebody in this case, or close to one.

    Under every index key: while one is exchanged, some declarations are still by the older.
    """
    everybody = around.people_of(document)
    made = (ties.tokens_of_case(key, everybody) for key in work.keys.indexes.values())
    if not is_new:
        interests.drop_case_tokens(work.session, case_id)
    interests.add_case_tokens(work.session, case_id, frozenset().union(*made))


def _find_employers(work: Work, case_id: str, document: Document, *, is_new: bool) -> None:
    """Note which partners employ somebody in the case: only a deputy reads for them.

    Where it is the victim, the case is one about staff, of which only those learn who have to.
    """
    partners = directory.names(work.session)
    of_victim, of_perpetrators = (
        {
            id_
            for id_, each in partners.items()
            if any(ties.is_called(employer, each.name) for employer in named)
        }
        for named in (list(map(ties.words, each)) for each in around.employers_of(document))
    )
    found = [(ConflictAct.EMPLOYER, each) for each in sorted(of_victim | of_perpetrators)]
    found += [(ConflictAct.RESTRICT, each) for each in sorted(of_victim)]
    acts = [] if is_new else conflicts.list_acts(work.session, [case_id])
    known = {(a.act, a.agency_id) for a in acts}
    for act, agency_id in found:
        if (act, agency_id) not in known:
            dated.add_dated(
                work.session,
                t.conflict_act,
                case_id=case_id,
                act=act,
                agency_id=agency_id,
                by_agency=GATEWAY,
                at=work.now,
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
    unshared = cases.list_unshared(work.session, case_ids, on=work.today)
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
