"""Owns values that tell where somebody is or how she is reached: types without a text form.

Printing, formatting, logging or encoding one gives a constant or an error. Only `reveal` gives the
value, and a test names every place that calls it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final, NoReturn, TypeVar
from uuid import UUID

import msgspec

SHOWN: Final = "[protected]"
_T = TypeVar("_T", bound="Protected")


class Protected:
    """A value in the open that has no text form; equal to another of its type and value."""

    __slots__ = ("__value",)
    __value: Any

    def __init__(self, value: Any) -> None:
        object.__setattr__(self, "_Protected__value", value)

    def reveal(self) -> Any:
        """Return the value itself: at a registered way out, and for comparing."""
        return self.__value

    def __repr__(self) -> str:
        return SHOWN

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return SHOWN  # whatever width is asked for: a width would tell the length

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.__value == other.reveal()

    def __hash__(self) -> int:
        return hash((type(self), SHOWN))  # a hash of the value could be guessed from

    def __bool__(self) -> NoReturn:
        raise TypeError("a protected value is neither true nor false; compare it with None")

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a protected value does not change")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a protected value cannot be pickled")

    def __copy__(self: _T) -> _T:
        return self

    def __deepcopy__(self: _T, memo: object) -> _T:
        return self


class ProtectedAddress(Protected):
    """Where she is, if the perpetrator does not know."""


class SafeContact(Protected):
    """How, when and by whom she can be reached."""


class Refuge(Protected):
    """The organisation that takes her in, or its box for post."""


class School(Protected):
    """A child's school or nursery: whoever waits at its gate finds them."""


class Surgery(Protected):
    """Where she sees a doctor, midwife or health visitor."""


class Workplace(Protected):
    """Where she works."""


# The member of the form, or the sealed section, below which a protected value stands.
TYPES: Mapping[str, type[Protected]] = {
    "school": School,
    "nursery": School,
    "gp_practice": Surgery,
    "health_visitor": Surgery,
    "midwife": Surgery,
    "employer": Workplace,
    "protected_address": ProtectedAddress,
    "safe_contact": SafeContact,
    "organisation": Refuge,
    "po_box": Refuge,
}


_LEFT = (bytes, bytearray, datetime, date, time, timedelta, Decimal, UUID)  # as they are


def type_of(path: str) -> type[Protected]:
    """Return the type of a protected field by its path, such as children[].school.name.

    :raises KeyError: if it has none: then it must not be marked as protected.
    """
    steps = [step.removesuffix("[]") for step in path.split(".")]
    return TYPES[next(step for step in reversed(steps) if step in TYPES)]


def shield(content: Any, paths: Collection[str]) -> Any:
    """Return a copy of plain JSON in which every text at one of `paths` is a `Protected`."""
    for path in paths:
        content = _shielded(content, path.split("."), type_of(path))
    return content


def shield_section(section: str, content: Mapping[str, Any]) -> Protected:
    """Return the opened content of a sealed section; its refuge is a type of its own within."""
    inner = {
        name: Refuge(value) if TYPES.get(name) is Refuge else value
        for name, value in content.items()
    }
    return TYPES.get(section, Protected)(inner)


def reveal(content: Any) -> Any:
    """Return plain JSON again; for a registered way out alone."""
    return msgspec.to_builtins(content, builtin_types=_LEFT, enc_hook=_revealed)


def _revealed(value: Any) -> Any:
    """What is no plain JSON: a protected value, or a mapping of another kind than a dict."""
    if isinstance(value, Protected):
        return reveal(value.reveal())
    if isinstance(value, Mapping):
        return {name: reveal(member) for name, member in value.items()}
    raise NotImplementedError


def _shielded(value: Any, steps: list[str], kind: type[Protected]) -> Any:
    if not steps:
        return kind(value) if isinstance(value, str) else value
    name, rest = steps[0].removesuffix("[]"), steps[1:]
    if not (type(value) is dict or isinstance(value, Mapping)) or name not in value:
        return value
    inner = value[name]
    if steps[0].endswith("[]"):
        if not isinstance(inner, list):
            return value
        return {**value, name: [_shielded(item, rest, kind) for item in inner]}
    return {**value, name: _shielded(inner, rest, kind)}
