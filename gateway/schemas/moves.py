"""Owns the form by which a case leaves its way: withdrawn, closed, or handed to another area."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.schemas.fields import Bool, Code, Only, Text
from gateway.schemas.move_codes import REASONS, MoveAct, MoveReason
from gateway.schemas.parts import Fault, Form
from gateway.schemas.shapes import AreaCode


class MoveForm(Form):
    """move/1: a case is withdrawn, closed or transferred, or a transfer is answered."""

    act = Code(MoveAct)
    reason = Code(MoveReason, required=False, says="Needed but to take a case on")
    area = AreaCode(required=False, says="The new area, if it is on this gateway")
    outside = Only(True, required=False, says="To an area that is not on this gateway")
    agreed = Bool(required=False, says="Both areas agreed, although the list is out already")
    note = Text(2000, lines=True, required=False, says="For the file, sealed")

    @staticmethod
    def _why(data: dict[str, Any]) -> Iterator[Fault]:
        allowed = REASONS[data["act"]]
        if "reason" not in data:
            yield from [("needed_here", ("reason",))] if allowed else []
        elif data["reason"] not in allowed:
            yield "not_both", ("reason",)

    @staticmethod
    def _where(data: dict[str, Any]) -> Iterator[Fault]:
        given = [name for name in ("area", "outside") if name in data]
        if data["act"] is not MoveAct.TRANSFER:
            yield from (("not_both", (name,)) for name in (*given, "agreed") if name in data)
        elif not given:
            yield "needed_here", ("area",)
        elif len(given) > 1:
            yield "not_both", ("outside",)

    rules = (_why, _where)
