"""The guards of the decision path, one row for each; whoever adds a guard adds a row.

`story` is where it is needed: with the guard gone, something that was planted there comes out.
Where others hold its place alone, they are taken away with it, and `held_by` names them.
"""

from __future__ import annotations

from gateway.agencies import hosted
from gateway.disclosure import finding, opening, redacting, unsealing
from gateway.flows.cases import explaining, feeding, showing
from gateway.flows.conferences import agenda
from gateway.flows.notices import announcing
from gateway.flows.referrals import own as own_referrals
from gateway.rules import (
    breakglass,
    conflict,
    disclosure,
    leaks,
    matrix,
    releasing,
    routing,
)
from tests.county import undoing as un
from tests.county.guard import Guard
from tests.county.patching import put, swapped
from tests.county.seats import AT_MEETINGS

_STAGE = ("stage", put(matrix, "_limit", un.any_stage))
_OWN_KEY = (
    "a deputy's own key",
    swapped(conflict.needs_own_key, lambda case, agency_id: False),
)
_WALL = ("second wall", un.without_wall)
_KEYS = ("keys of sections", un.keys_for_all)
_ASSIGNED = ("assignment", un.as_a_supporter)
_IN_DECISION = ("wall in the decision", put(disclosure, "kept_out", lambda case, caller: None))

GUARDS: tuple[Guard, ...] = (
    # need to know
    Guard("a summary is no full text", "listed", put(matrix, "_limited", un.whole)),
    Guard("case by case", "listed", put(matrix, "_limited", un.approved_at_once)),
    Guard("condition of a cell", "listed", put(matrix.Alternative, "applies", un.met)),
    Guard("sections a cell names", "listed", put(matrix.Alternative, "applies", un.every_section)),
    Guard("stage", "listed", _STAGE[1]),
    Guard(
        "audit and statistics open nothing",
        "listed",
        put(matrix.Matrix, "opens", lambda self, section, purpose: True),
        purposes=("P10", "P11"),
    ),
    Guard(
        "an approval is for one agency",
        "by_case",
        put(disclosure, "_approved", un.to_whom_it_may_concern),
        held_by=(_STAGE,),
    ),
    Guard("immigration and the police", "listed", un.police_column, held_by=(_STAGE,)),
    # who has a part
    Guard("assignment", "early", _ASSIGNED[1], held_by=(_WALL, _KEYS)),
    Guard("second wall in the database", "early", _WALL[1], held_by=(_ASSIGNED, _KEYS)),
    Guard("keys of sections", "early", _KEYS[1], held_by=(_ASSIGNED, _WALL)),
    Guard("area of a route", "elsewhere", put(routing.Row, "matches", un.any_area)),
    Guard(
        "area of an auditor",
        "elsewhere",
        un.audits_every_area,
        held_by=(_WALL,),
        door="list_access",
    ),
    Guard(
        "a referrer reads what it sent",
        "asked_again",
        put(opening, "_own", lambda facts, caller: facts),
        held_by=(
            ("role of a referrer", un.referrers_read),
            ("one document contradicts itself nowhere", un.parts_side_by_side),
        ),
        door="read_referral",
    ),
    # consent
    Guard("withdrawal", "withdrawn", un.always_agreed),
    Guard("end of an agreement", "lapsed", un.never_lapses),
    Guard("no agreement, no sharing", "refused", un.always_agreed),
    Guard("who reads by what was decided", "withdrawn", un.readable_by_all_roles),
    Guard(
        "condition: not my surgery",
        "condition",
        put(disclosure, "_left_out", lambda *_: None),
        held_by=(("who is asked for research", un.asks_also_the_left_out),),
    ),
    Guard("condition on one class", "narrowed", put(disclosure, "_kept_back", un.nothing)),
    # staff and sides
    Guard("tie of a worker", "neighbour", swapped(conflict.is_tied, lambda ties, worker: False)),
    Guard(
        "agency of a tied worker",
        "later",
        swapped(conflict.is_shut, lambda case, agency_id: False),
    ),
    Guard("a deputy's own key", "relative", _OWN_KEY[1]),
    Guard(
        "no page for a deputy's own key",
        "relative",
        put(showing, "require_page", lambda work, case: None),
        door="page of a case",
    ),
    Guard("employer", "employer", un.employs_nobody),
    Guard(
        "staff case",
        "staff",
        put(conflict, "_is_left_out_of_staff_case", lambda case, caller: False),
        held_by=(("who is asked for research", un.asks_in_staff_cases),),
    ),
    Guard("named as one who must not receive", "barred", un.nobody_is_barred),
    Guard(
        "newcomer until confirmed",
        "newcomer",
        swapped(conflict.is_unconfirmed, lambda *_: False),
    ),
    Guard("counter-allegation", "counter", un.nobody_accuses_back),
    Guard("wall in the decision", "later", _IN_DECISION[1], held_by=(_OWN_KEY,)),
    Guard(
        "wall before private notes",
        "later",
        _IN_DECISION[1],
        held_by=(_OWN_KEY,),
        door="list_private_notes",
    ),
    Guard(
        "wall before receipts",
        "later",
        _IN_DECISION[1],
        held_by=(_OWN_KEY,),
        door="list_receipts",
    ),
    Guard(
        "wall before explanations",
        "later",
        put(explaining, "require_no_wall", lambda work, case_id: None),
        held_by=(("the decision that is explained", un.explained_to_all),),
        door="explain_case",
    ),
    Guard(
        "wall before the feed",
        "later",
        put(feeding, "beyond_wall", lambda work, case_ids: list(case_ids)),
        door="list_cases",
    ),
    Guard(
        "wall before notices",
        "later",
        put(announcing, "beyond_wall", lambda work, case_ids: list(case_ids)),
        door="notice",
    ),
    Guard(
        "wall before the list of one's own",
        "sender_tied",
        put(own_referrals, "beyond_wall", lambda work, case_ids: list(case_ids)),
        door="list_referrals",
    ),
    Guard(
        "wall before the agenda",
        "later",
        un.no_wall_in(agenda),
        held_by=(_IN_DECISION, _OWN_KEY),
        door="read_agenda",
    ),
    # broken glass
    Guard(
        "glass shows one class",
        "glass",
        put(breakglass, "sections", un.whole_case_behind_glass),
        door="look_behind_glass",
    ),
    Guard(
        "glass is not for the tied",
        "later",
        put(breakglass, "_about_the_worker", lambda *_: None),
        held_by=(("tie before a case is found", un.no_wall_in(finding)), _OWN_KEY),
        door="look_behind_glass",
    ),
    # where she is
    Guard(
        "scan for what can be read",
        "workplace",
        put(leaks.Sought, "_is_readable_in", lambda self, text: False),
    ),
    Guard(
        "scan for tokens of the rest",
        "refuge",
        put(leaks.Sought, "_is_keyed_in", lambda self, text: False),
    ),
    Guard(
        "second person before a release",
        "serious",
        swapped(releasing.release, lambda kind, state, rule: releasing.Release.GOES),
    ),
    Guard("draft of a redaction", "redacted", swapped(redacting.list_drafts, lambda *_: {})),
    Guard(
        "confirmed redaction",
        "redacted",
        put(leaks, "cut", lambda content, places, word="": (content, len(list(places)))),
    ),
    # keys that lie here
    Guard(
        "a hosted key is for a registered worker",
        "hosted",
        swapped(hosted.require_worker, lambda work: None),
        door="hosted desk",
    ),
    Guard(
        "recorded before a hosted key opens",
        "hosted",
        put(unsealing, "_require_line", lambda *_: None),
        door="hosted desk",
    ),
    *AT_MEETINGS,
)
"""One row for each guard; in this order they stand in the table."""
