"""Owns how values are put together: parts, lists, and the mandatory-or-reason pair."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from marshmallow import RAISE, Schema, ValidationError, validates_schema

from gateway.schemas.codes import AbsenceReason
from gateway.schemas.fields import Code, Refs, Strict

# A fault of a cross-field rule: the code, and the path from the part that the rule looks at.
Fault = tuple[str, tuple[str | int, ...]]
Rule = Callable[[dict[str, Any]], Iterable[Fault]]


class Form(Schema):
    """A part of a document: unknown members are refused, then its cross-field rules run.

    `rules` see loaded values and run only when every single value is good.
    """

    class Meta:
        unknown = RAISE

    error_messages = {  # noqa: RUF012 - marshmallow reads it from the class
        "unknown": "unknown_field",
        "type": "wrong_type",
    }
    rules: ClassVar[tuple[Rule, ...]] = ()

    @validates_schema
    def _keep_rules(self, data: dict[str, Any], **_kwargs: Any) -> None:
        faults = [fault for rule in self.rules for fault in rule(data)]
        if faults:
            raise ValidationError(_as_tree(faults))

    def strict_fields(self) -> dict[str, Strict[Any]]:
        """Return the fields in the order in which they are declared."""
        return {name: f for name, f in self.fields.items() if isinstance(f, Strict)}


def _as_tree(faults: Iterable[Fault]) -> dict[Any, Any]:
    tree: dict[Any, Any] = {}
    for code, path in faults:
        here = tree
        for step in path[:-1]:
            here = here.setdefault(step, {})
        here[path[-1]] = [code]
    return tree


class Part(Strict[dict[str, Any]]):
    """An object of a form of its own."""

    def __init__(self, form: type[Form], *, required: bool = True, says: str = "") -> None:
        super().__init__(required=required, says=says)
        self.form = form()  # built once, at import

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> dict[str, Any]:
        loaded: dict[str, Any] = self.form.load(value)
        return loaded

    def published(self, refs: Refs) -> dict[str, Any]:
        return refs(self.form)


class ListOf(Strict[list[Any]]):
    """A list of one kind of value, of a limited length; `unique` refuses an equal pair."""

    def __init__(
        self,
        inner: Strict[Any],
        least: int = 0,
        most: int = 50,
        *,
        unique: str | bool = False,
        required: bool = True,
        says: str = "",
    ) -> None:
        super().__init__(required=required, says=says)
        self.inner = inner
        self.least, self.most = least, most
        self.unique = unique

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> list[Any]:
        if type(value) is not list:
            raise self.make_error("wrong_type")
        if len(value) > self.most:
            raise self.make_error("too_long")
        if len(value) < self.least:
            raise self.make_error("too_short")
        loaded: list[Any] = []
        errors: dict[int, Any] = {}
        for place, item in enumerate(value):
            try:
                loaded.append(self.inner.deserialize(item))
            except ValidationError as error:
                errors[place] = error.messages
        if errors:
            raise ValidationError(errors)
        self._no_twins(loaded)
        return loaded

    def _no_twins(self, loaded: list[Any]) -> None:
        """`unique` is True for plain values, or the member that tells objects apart."""
        if not self.unique:
            return
        seen: set[Any] = set()
        for place, item in enumerate(loaded):
            mark = item if self.unique is True else item.get(self.unique)
            if mark in seen:
                path = (place,) if self.unique is True else (place, self.unique)
                raise ValidationError(_as_tree([("duplicate", path)]))
            if mark is not None:
                seen.add(mark)

    def published(self, refs: Refs) -> dict[str, Any]:
        found: dict[str, Any] = {"type": "array", "items": self.inner.described(refs)}
        found |= {"minItems": self.least} if self.least else {}
        found |= {"maxItems": self.most}
        return found | ({"uniqueItems": True} if self.unique is True else {})


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
            return {name: field.deserialize(content)}
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
            return self.listed.deserialize(value)
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
