"""What a referrer does: submit, answer a return, add later facts, look, take back."""

from gateway.flows.referrals.changing import assess
from gateway.flows.referrals.consenting import record_override, record_position
from gateway.flows.referrals.later import DATED
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
    "DATED",
    "Own",
    "Page",
    "Previewed",
    "Status",
    "assess",
    "count_to_index",
    "index_anew",
    "list_sent",
    "preview",
    "read_own",
    "record_override",
    "record_position",
    "resubmit",
    "submit",
    "withdraw",
]
