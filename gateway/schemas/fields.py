"""Owns the strict plain values: what they accept is what is published, nothing is coerced."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Generic, TypeVar

from marshmallow import Schema, fields, missing

T = TypeVar("T")

# How a field names a schema in what is published: hands in the schema, gets a `$ref` back.
Refs = Callable[[Schema], dict[str, Any]]

_CODES = (
    "wrong_type",
    "unknown_code",
    "too_long",
    "too_short",
    "out_of_range",
    "bad_date",
    "bad_time",
    "bad_format",
    "bad_text",
    "bad_check_digit",
    "duplicate",
    "not_both",
    "value_or_absent",
)

# C0 and C1 controls, line separators, and the marks that let a name read backwards; tab and line
# feed are allowed in long texts only.
_MARKS = "\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff"
_ONE_LINE = f"\x00-\x1f{_MARKS}"
_LINES = f"\x00-\x08\x0b-\x1f{_MARKS}"


class Strict(fields.Field[T], Generic[T]):
    """A field whose messages are codes and that knows how it is published."""

    default_error_messages = {  # noqa: RUF012 - marshmallow collects it from every base class
        "required": "missing",
        "null": "wrong_type",
        "validator_failed": "bad_format",
        **{code: code for code in _CODES},
    }

    def __init__(self, *, required: bool = True, says: str = "") -> None:
        super().__init__(required=required)
        self.says = says

    def deserialize(
        self, value: Any, attr: str | None = None, data: Any = None, **kwargs: Any
    ) -> Any:
        """Return the checked value, as the base class does and with the same errors.

        Beside it, the base class runs hooks, validators and defaults; a strict field is made
        without any, and preparing for them costs more than most checks themselves.
        """
        if value is None or value is missing:
            return super().deserialize(value, attr, data, **kwargs)
        return self._deserialize(value, attr, data)

    @property
    def check(self) -> Callable[[Any, None, None], Any]:
        """The check itself, for forms and lists: a call less for each value.

        It gives what `deserialize` gives: for null, too, each check says `wrong_type` by itself.
        """
        return self._deserialize

    def published(self, refs: Refs) -> dict[str, Any]:
        """Return the JSON Schema of what this field accepts."""
        raise NotImplementedError

    def described(self, refs: Refs) -> dict[str, Any]:
        """Return `published` with the words for a reader, if there are any."""
        found = self.published(refs)
        return {**found, "description": self.says} if self.says else found


class Text(Strict[str]):
    """Text in NFC: neither blank nor longer than `longest`, no NUL, no control characters."""

    def __init__(
        self, longest: int = 200, *, lines: bool = False, required: bool = True, says: str = ""
    ) -> None:
        super().__init__(required=required, says=says)
        self.longest = longest
        self.forbidden = _LINES if lines else _ONE_LINE
        self._search = re.compile(f"[{self.forbidden}\ud800-\udfff]").search

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        if type(value) is not str:
            raise self.make_error("wrong_type")
        text = value if value.isascii() else unicodedata.normalize("NFC", value)
        if len(text) > self.longest:
            raise self.make_error("too_long")
        if self._search(text):
            raise self.make_error("bad_text")
        if not text or text.isspace():
            raise self.make_error("too_short")
        return text

    def published(self, refs: Refs) -> dict[str, Any]:
        shown = "".join(c if c == "-" else f"\\u{ord(c):04x}" for c in self.forbidden)
        pattern = f"^[^{shown}]*[^\\s{shown}][^{shown}]*$"
        return {"type": "string", "minLength": 1, "maxLength": self.longest, "pattern": pattern}


class Pattern(Strict[str]):
    """Text of a fixed shape, in the one spelling that is accepted."""

    pattern = ""
    code = "bad_format"

    def __init__(self, pattern: str = "", *, required: bool = True, says: str = "") -> None:
        super().__init__(required=required, says=says)
        self.pattern = pattern or self.pattern
        self._match = re.compile(self.pattern, re.ASCII).fullmatch

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        if type(value) is not str:
            raise self.make_error("wrong_type")
        if not self._match(value):
            raise self.make_error(self.code)
        return value

    def published(self, refs: Refs) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^(?:{self.pattern})$"}


class Int(Strict[int]):
    """A whole number in a range; neither true, 2.0 nor "2" is one."""

    def __init__(self, least: int, most: int, *, required: bool = True, says: str = "") -> None:
        super().__init__(required=required, says=says)
        self.least, self.most = least, most

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> int:
        if type(value) is not int:
            raise self.make_error("wrong_type")
        if not self.least <= value <= self.most:
            raise self.make_error("out_of_range")
        return value

    def published(self, refs: Refs) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


class Bool(Strict[bool]):
    """true or false, and nothing that looks like it."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> bool:
        if type(value) is not bool:
            raise self.make_error("wrong_type")
        return value

    def published(self, refs: Refs) -> dict[str, Any]:
        return {"type": "boolean"}


class Only(Strict[T]):
    """One constant; anything else of its type is `unknown_code`."""

    def __init__(self, constant: T, *, required: bool = True, says: str = "") -> None:
        super().__init__(required=required, says=says)
        self.constant = constant

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> T:
        if type(value) is not type(self.constant):
            raise self.make_error("wrong_type")
        if value != self.constant:
            raise self.make_error("unknown_code")
        return self.constant

    def published(self, refs: Refs) -> dict[str, Any]:
        return {"const": self.constant}


E = TypeVar("E", bound=StrEnum)


class Code(Strict[E]):
    """A member of a published code list, by its exact value; `among` narrows the list."""

    def __init__(
        self,
        codes: type[E],
        *,
        among: tuple[E, ...] = (),
        required: bool = True,
        says: str = "",
    ) -> None:
        super().__init__(required=required, says=says)
        self.known: dict[str, E] = {code.value: code for code in among or tuple(codes)}

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> E:
        if type(value) is not str:
            raise self.make_error("wrong_type")
        code = self.known.get(value)
        if code is None:
            raise self.make_error("unknown_code")
        return code

    def published(self, refs: Refs) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.known)}
