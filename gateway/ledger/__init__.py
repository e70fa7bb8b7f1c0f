"""The access log, and the Work that cannot commit without writing to it.

A request's own transaction writes its change and the pending line. Any process may then call
`sequence`, which gives lines their place in a Merkle tree and signs the new root.
"""

from gateway.ledger import witnessing
from gateway.ledger.audit import Report, check_head, verify
from gateway.ledger.contexts import (
    matching,
    reading_as,
    reading_kept,
    reading_log,
    reading_registry,
)
from gateway.ledger.keyring import check_epochs, ensure_agency_log_key
from gateway.ledger.pressure import Pressure
from gateway.ledger.proofs import (
    Inclusion,
    consistency,
    inclusion,
    inclusions,
    newest_checkpoint,
    proves,
    settled_checkpoint,
)
from gateway.ledger.publishing import published_checkpoint, read_tile, receipt
from gateway.ledger.reading import Recorded, case_records
from gateway.ledger.records import Act
from gateway.ledger.running import Sequencer
from gateway.ledger.sequencer import sequence, verifier_keys, wait_for
from gateway.ledger.tally import Tally
from gateway.ledger.work import NOTIFIER, OPERATOR, Entry, Unrecorded, Work, begin, look
from gateway.store.engine import Sessions

__all__ = [
    "NOTIFIER",
    "OPERATOR",
    "Act",
    "Entry",
    "Inclusion",
    "Pressure",
    "Recorded",
    "Report",
    "Sequencer",
    "Sessions",
    "Tally",
    "Unrecorded",
    "Work",
    "begin",
    "case_records",
    "check_epochs",
    "check_head",
    "consistency",
    "ensure_agency_log_key",
    "inclusion",
    "inclusions",
    "look",
    "matching",
    "newest_checkpoint",
    "proves",
    "published_checkpoint",
    "read_tile",
    "reading_as",
    "reading_kept",
    "reading_log",
    "reading_registry",
    "receipt",
    "sequence",
    "settled_checkpoint",
    "verifier_keys",
    "verify",
    "wait_for",
    "witnessing",
]
