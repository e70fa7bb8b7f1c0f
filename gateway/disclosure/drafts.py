"""Owns how a referral that is being typed in lies at rest: under a key of its own.

Nobody but its writer's agency reaches it. When it is sent, dropped or over, its key goes with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.errors import Unavailable, Undecipherable
from gateway.ledger import Work
from gateway.sealing import cells
from gateway.sealing.keys import draft_context
from gateway.store.drafts import DraftRow


@dataclass(frozen=True, slots=True)
class DraftKey:
    """The key of one draft, open for the length of one Work."""

    draft_id: str
    epoch: str
    wrapped: bytes = field(repr=False)
    key: bytes = field(repr=False)

    def seal(self, column: str, value: bytes) -> bytes:
        """Seal the text of the draft, or one of its files."""
        return cells.seal_cell(self.key, **self._place(column), gen=1, plaintext=value)

    def open(self, column: str, cell: bytes) -> bytes:
        """Open what `seal` sealed in the same place.

        :raises Undecipherable: if it was moved or changed.
        """
        return cells.open_cell(self.key, **self._place(column), cell=cell)

    def _place(self, column: str) -> dict[str, str]:
        return {"table": "draft", "column": column, "row": self.draft_id, "case": self.draft_id}


def new_draft_key(work: Work, draft_id: str) -> DraftKey:
    """Make and wrap the key of a new draft."""
    key = cells.new_key()
    epoch, wrapped = work.keys.provider.wrap(key, draft_context(draft_id))
    return DraftKey(draft_id, epoch, wrapped, key)


def open_draft_key(work: Work, row: DraftRow) -> DraftKey:
    """Open the key of a draft: one call to the key provider. The caller recorded it before.

    :raises Unavailable: if the key provider cannot open it.
    """
    work.may_commit()
    try:
        key = work.keys.provider.unwrap(row.epoch, row.wrapped, draft_context(row.id))
    except Undecipherable:  # nothing that was sent is at fault
        raise Unavailable("The key of this draft cannot be opened.") from None
    return DraftKey(row.id, row.epoch, row.wrapped, key)
