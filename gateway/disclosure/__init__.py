"""The only place where sealed case data becomes readable: decide, record, open what is allowed."""

from gateway.disclosure.announcing import announce
from gateway.disclosure.answers import Sealed, proof, seal_answer, sign_receipt
from gateway.disclosure.approvals import open_looks, open_reasons, seal_account, seal_decision
from gateway.disclosure.boxes import (
    ALERT_PART,
    SCAN_PART,
    Box,
    CaseKey,
    Contribution,
    contribute,
    lock_standing,
    new_case_key,
    open_case_key,
    open_part,
    open_section,
    open_value,
    read_case_key,
    replace_own,
    seal_value,
)
from gateway.disclosure.copies import Asked, list_asked, take_copy
from gateway.disclosure.counting import Traits, count_traits
from gateway.disclosure.deciding import (
    AS_IT_IS,
    Explained,
    Supposed,
    basis_of,
    decision_for,
    explain,
    explain_table,
    get_facts,
    may_know,
    require_purpose,
)
from gateway.disclosure.facts import list_facts, members_of, read_narrowings, section_facts
from gateway.disclosure.finding import find_case, find_loaded, find_locked, find_referral, names_of
from gateway.disclosure.flagging import carry_flag, place_flag, remove_flag, renew_flag
from gateway.disclosure.glass import (
    Behind,
    decide_glass,
    load_behind,
    open_behind,
    stand_before,
)
from gateway.disclosure.grants import derive, grant_new, regrant
from gateway.disclosure.minutes import (
    add_correction,
    count_minutes,
    hold_drafts,
    issue_minutes,
    keep_minute_draft,
    open_minute_drafts,
)
from gateway.disclosure.opening import Disclosed, disclose, disclose_many, load
from gateway.disclosure.own_keys import require_page, shown_on_pages
from gateway.disclosure.pieces import Piece
from gateway.disclosure.private import Note, keep_note, last_number, list_notes
from gateway.disclosure.receipts import (
    Given,
    Told,
    keep_shown,
    list_all_given,
    list_given,
    open_receipts,
)
from gateway.disclosure.redacting import list_drafts, open_removed, redact
from gateway.disclosure.releasing import would_wait
from gateway.disclosure.renewing import renew_case_key
from gateway.disclosure.telling import is_safe_to_tell
from gateway.disclosure.ties import list_ties
from gateway.disclosure.unsealing import OpenedNote, Unsealed, ask_unsealed, unseal
from gateway.disclosure.walling import (
    beyond_wall,
    require_no_wall,
    require_not_close,
    walled,
    with_unseen,
)

__all__ = [
    "ALERT_PART",
    "AS_IT_IS",
    "SCAN_PART",
    "Asked",
    "Behind",
    "Box",
    "CaseKey",
    "Contribution",
    "Disclosed",
    "Explained",
    "Given",
    "Note",
    "OpenedNote",
    "Piece",
    "Sealed",
    "Supposed",
    "Told",
    "Traits",
    "Unsealed",
    "add_correction",
    "announce",
    "ask_unsealed",
    "basis_of",
    "beyond_wall",
    "carry_flag",
    "contribute",
    "count_minutes",
    "count_traits",
    "decide_glass",
    "decision_for",
    "derive",
    "disclose",
    "disclose_many",
    "explain",
    "explain_table",
    "find_case",
    "find_loaded",
    "find_locked",
    "find_referral",
    "get_facts",
    "grant_new",
    "hold_drafts",
    "is_safe_to_tell",
    "issue_minutes",
    "keep_minute_draft",
    "keep_note",
    "keep_shown",
    "last_number",
    "list_all_given",
    "list_asked",
    "list_drafts",
    "list_facts",
    "list_given",
    "list_notes",
    "list_ties",
    "load",
    "load_behind",
    "lock_standing",
    "may_know",
    "members_of",
    "names_of",
    "new_case_key",
    "open_behind",
    "open_case_key",
    "open_looks",
    "open_minute_drafts",
    "open_part",
    "open_reasons",
    "open_receipts",
    "open_removed",
    "open_section",
    "open_value",
    "place_flag",
    "proof",
    "read_case_key",
    "read_narrowings",
    "redact",
    "regrant",
    "remove_flag",
    "renew_case_key",
    "renew_flag",
    "replace_own",
    "require_no_wall",
    "require_not_close",
    "require_page",
    "require_purpose",
    "seal_account",
    "seal_answer",
    "seal_decision",
    "seal_value",
    "section_facts",
    "shown_on_pages",
    "sign_receipt",
    "stand_before",
    "take_copy",
    "unseal",
    "walled",
    "with_unseen",
    "would_wait",
]
