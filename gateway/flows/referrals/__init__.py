"""What a referrer does: submit, answer a return, add later facts, look, take back."""

from gateway.flows.referrals.challenging import challenge
from gateway.flows.referrals.changing import assess
from gateway.flows.referrals.consenting import record_override, record_position
from gateway.flows.referrals.drafts import (
    CHANGED,
    Begun,
    Draft,
    begin_draft,
    count_own,
    drop_draft,
    list_drafts,
    read_draft,
    save_page,
)
from gateway.flows.referrals.entering import find_sent, reference_of, send_draft
from gateway.flows.referrals.files import add_file, remove_file, require_room
from gateway.flows.referrals.importing import check_rows, import_rows
from gateway.flows.referrals.later import DATED
from gateway.flows.referrals.mending import begin_mending, find_returned, read_returned
from gateway.flows.referrals.moving import Movable, look_at_moves, move_case
from gateway.flows.referrals.own import (
    Own,
    Page,
    Previewed,
    Status,
    list_sent,
    preview,
    read_own,
    withdraw,
)
from gateway.flows.referrals.reindexing import count_to_index, index_anew
from gateway.flows.referrals.submitting import resubmit, submit

__all__ = [
    "CHANGED",
    "DATED",
    "Begun",
    "Draft",
    "Movable",
    "Own",
    "Page",
    "Previewed",
    "Status",
    "add_file",
    "assess",
    "begin_draft",
    "begin_mending",
    "challenge",
    "check_rows",
    "count_own",
    "count_to_index",
    "drop_draft",
    "find_returned",
    "find_sent",
    "import_rows",
    "index_anew",
    "list_drafts",
    "list_sent",
    "look_at_moves",
    "move_case",
    "preview",
    "read_draft",
    "read_own",
    "read_returned",
    "record_override",
    "record_position",
    "reference_of",
    "remove_file",
    "require_room",
    "resubmit",
    "save_page",
    "send_draft",
    "submit",
    "withdraw",
]
