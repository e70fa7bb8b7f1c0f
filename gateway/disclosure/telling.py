"""Owns whether it was found safe to tell the victim what became of her case."""

from __future__ import annotations

import json

from gateway.disclosure.boxes import open_case_keys, open_value
from gateway.ledger import Work
from gateway.schemas.codes import YesNoUnknown
from gateway.store import dated

_PLACE = {"table": "position", "column": "account"}


def is_safe_to_tell(work: Work, case_id: str) -> bool:
    """Whether the newest account that says anything about it says that it is safe.

    Whoever asked her said so with her position; what nobody asked counts as unsafe.
    """
    work.may_commit()
    key = open_case_keys(work, [case_id])[case_id]
    cells = dated.list_sealed(work.session, "position", "account", case_id)
    for _, cell in sorted(cells, reverse=True):
        said = json.loads(open_value(key, **_PLACE, row=case_id, cell=cell))
        if "safe_to_tell" in said:
            return bool(said["safe_to_tell"] == YesNoUnknown.YES)
        if said:  # a position of a form that does not ask
            return False
    return False
