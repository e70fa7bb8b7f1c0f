"""What an operator does with the gateway's own keys; each act stands in the access log."""

from gateway.flows.keeping.cases import begin_renewing, renew_cases
from gateway.flows.keeping.epochs import Damaged, Resting, count_to_wrap, destroy, rest, wrap_anew
from gateway.flows.keeping.indexes import destroy_index, rest_indexes
from gateway.flows.keeping.recording import record_key, record_listing
from gateway.flows.keeping.recovery import holders_keys, record_recovery

__all__ = [
    "Damaged",
    "Resting",
    "begin_renewing",
    "count_to_wrap",
    "destroy",
    "destroy_index",
    "holders_keys",
    "record_key",
    "record_listing",
    "record_recovery",
    "renew_cases",
    "rest",
    "rest_indexes",
    "wrap_anew",
]
