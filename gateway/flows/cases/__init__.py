"""What an agency does with a case: see what is new, pull, answer, look, ask; and decide."""

from gateway.flows.cases.approving import list_approvals, settle_approval
from gateway.flows.cases.auditing import (
    Audited,
    Filter,
    Glass,
    audit_case,
    list_glasses,
)
from gateway.flows.cases.breaking import break_glass, look_behind, review_glass
from gateway.flows.cases.contacting import (
    Contacting,
    Tried,
    keep_attempt,
    require_contact,
    show_contact,
)
from gateway.flows.cases.countering import review_primary_victim
from gateway.flows.cases.deciding import decide
from gateway.flows.cases.explaining import Change, explain_change, explain_view
from gateway.flows.cases.feeding import Feed, Item, find_nothing, list_new
from gateway.flows.cases.history import Decided, History, show_history
from gateway.flows.cases.hosting import ask_to_read, read_for_worker, write_for_worker
from gateway.flows.cases.looked import list_looks
from gateway.flows.cases.looking import list_access
from gateway.flows.cases.looking_back import list_readings
from gateway.flows.cases.matching import settle_match
from gateway.flows.cases.noting import keep_private_note, list_private_notes
from gateway.flows.cases.originals import list_originals, read_original
from gateway.flows.cases.overseeing import Count, Line, Need, Overview, list_lines, oversee
from gateway.flows.cases.owing import Due, list_due
from gateway.flows.cases.pulling import acknowledge, pull
from gateway.flows.cases.records import Records, show_records, take_receipt
from gateway.flows.cases.redacting import read_removed, settle_redaction
from gateway.flows.cases.releasing import settle_release
from gateway.flows.cases.replaying import replay
from gateway.flows.cases.resealing import SealRequested, add_sealed_copy, list_seal_requests
from gateway.flows.cases.showing import (
    Shown,
    answer,
    ask_to_show,
    purposes_of,
    require_shown,
    show,
)
from gateway.flows.cases.stating import make_statement
from gateway.flows.cases.waiting import Waiting, show_waiting
from gateway.flows.cases.walling import settle_conflict
from gateway.flows.cases.weighing import Weighed, weigh

__all__ = [
    "Audited",
    "Change",
    "Contacting",
    "Count",
    "Decided",
    "Due",
    "Feed",
    "Filter",
    "Glass",
    "History",
    "Item",
    "Line",
    "Need",
    "Overview",
    "Records",
    "SealRequested",
    "Shown",
    "Tried",
    "Waiting",
    "Weighed",
    "acknowledge",
    "add_sealed_copy",
    "answer",
    "ask_to_read",
    "ask_to_show",
    "audit_case",
    "break_glass",
    "decide",
    "explain_change",
    "explain_view",
    "find_nothing",
    "keep_attempt",
    "keep_private_note",
    "list_access",
    "list_approvals",
    "list_due",
    "list_glasses",
    "list_lines",
    "list_looks",
    "list_new",
    "list_originals",
    "list_private_notes",
    "list_readings",
    "list_seal_requests",
    "look_behind",
    "make_statement",
    "oversee",
    "pull",
    "purposes_of",
    "read_for_worker",
    "read_original",
    "read_removed",
    "replay",
    "require_contact",
    "require_shown",
    "review_glass",
    "review_primary_victim",
    "settle_approval",
    "settle_conflict",
    "settle_match",
    "settle_redaction",
    "settle_release",
    "show",
    "show_contact",
    "show_history",
    "show_records",
    "show_waiting",
    "take_receipt",
    "weigh",
    "write_for_worker",
]
