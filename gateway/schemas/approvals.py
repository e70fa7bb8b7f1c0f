"""Owns the form by which a section that the table gives case by case is asked for and opened."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.schemas.codes import ApprovalAct
from gateway.schemas.fields import Code, Int, Pattern, Text
from gateway.schemas.parts import Fault, Form
from gateway.schemas.shapes import Date

_NEEDED = {
    ApprovalAct.ASK: ("section",),
    ApprovalAct.APPROVE: ("number", "until"),
    ApprovalAct.REFUSE: ("number",),
    ApprovalAct.END: ("number",),
}


def _of_act(data: dict[str, Any]) -> Iterator[Fault]:
    needed = _NEEDED[data["act"]]
    for name in ("section", "number", "until"):
        if name in needed and name not in data:
            yield "needed_here", (name,)
        elif name in data and name not in needed:
            yield "not_both", (name,)


class ApprovalForm(Form):
    """approval/1: one worker asks for a section, another agency's worker answers for opening it."""

    act = Code(ApprovalAct)
    section = Pattern(r"[a-z][a-z_]{0,59}", required=False, says="To ask: which section")
    number = Int(1, 10**6, required=False, says="Otherwise: of what was asked")
    reason = Text(1000, lines=True, says="Why it is needed, or why this was decided")
    until = Date(required=False, says="To approve: the last day on which it counts")

    rules = (_of_act,)
