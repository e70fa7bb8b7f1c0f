"""Owns how a form says that something is blank, or none, or looked at elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError

from gateway.schemas.codes import AbsenceReason
from gateway.schemas.fields import Code, Refs, Strict
from gateway.schemas.parts import ListOf

_ABSENT = Code(AbsenceReason)


class OrReason(Strict[dict[str, Any]]):
    """Mandatory, or a reason why it is blank: {"value": …} or {"absent": code}, exactly one.

    So that a reader sees why a field is blank, and unknown never reads as no.
    """

    def __init__(self, inner: Strict[Any], *, required: bool = True, says: str = "") -> None:
        super().__init__(required=required, says=says)
        self.inner = inner

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> dict[str, Any]:
        if type(value) is not dict:
            raise self.make_error("wrong_type")
        if len(value) != 1:
            raise ValidationError(_pair_faults(value))
        ((name, content),) = value.items()
        field = self.inner if name == "value" else _ABSENT if name == "absent" else None
        if field is None:
            raise ValidationError(_pair_faults(value))
        try:
            return {name: field.check(content, None, None)}
        except ValidationError as error:
            raise ValidationError({name: error.messages}) from None

    def published(self, refs: Refs) -> dict[str, Any]:
        return {
            "oneOf": [
                _single("value", self.inner.described(refs)),
                _single("absent", _ABSENT.published(refs)),
            ]
        }


def _pair_faults(value: dict[str, Any]) -> dict[str, Any]:
    strange = {name: ["unknown_field"] for name in value if name not in ("value", "absent")}
    if strange:
        return strange
    if value:
        return {"absent": ["not_both"]}
    return {"value": ["value_or_absent"], "absent": ["value_or_absent"]}


def _single(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name: schema},
        "required": [name],
        "additionalProperties": False,
    }


class NoneOr(Strict[Any]):
    """An explicit {"none": true}, or a list: silence is not an answer."""

    def __init__(self, listed: ListOf, *, required: bool = True, says: str = "") -> None:
        super().__init__(required=required, says=says)
        self.listed = listed

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Any:
        if type(value) is list:
            return self.listed.check(value, None, None)
        if type(value) is not dict:
            raise self.make_error("wrong_type")
        strange = {name: ["unknown_field"] for name in value if name != "none"}
        if strange:
            raise ValidationError(strange)
        if value != {"none": True} or value["none"] is not True:
            raise ValidationError({"none": ["wrong_type" if value else "missing"]})
        return {"none": True}

    def published(self, refs: Refs) -> dict[str, Any]:
        return {"oneOf": [_single("none", {"const": True}), self.listed.published(refs)]}


class Anything(Strict[dict[str, Any]]):
    """An object that is looked at elsewhere."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> dict[str, Any]:
        if type(value) is not dict:
            raise self.make_error("wrong_type")
        return value

    def published(self, refs: Refs) -> dict[str, Any]:
        return {"type": "object"}
