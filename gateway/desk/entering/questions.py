"""Owns how the published form becomes questions of a page: nothing is asked that it has not.

The name of each field is its JSON pointer, so a fault of the form stands beside what caused it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gateway.desk import words
from gateway.desk.entering import labels
from gateway.schemas.blanks import NoneOr, OrReason
from gateway.schemas.codes import AbsenceReason
from gateway.schemas.fields import Bool, Code, Only, Strict, Text
from gateway.schemas.parts import Form, ListOf, Part
from gateway.schemas.shapes import Base64Url, Date, PersonRef, Timestamp, Uuid
from gateway.schemas.typed import NO, YES, Typed, count, first, ref_of

Options = Sequence[tuple[str, str]]
_FULL_NAME = ("given_names", "family_name")
FEW = 5  # so many stand below each other; more are chosen from a list
ABSENCE: Options = [
    (AbsenceReason.UNKNOWN, "Not known"),
    (AbsenceReason.UNSAFE_TO_ASK, "Not safe to ask"),
    (AbsenceReason.REFUSED, "She would not say"),
    (AbsenceReason.NOT_APPLICABLE, "Does not apply"),
]
_YES_NO: Options = [(YES, "Yes"), (NO, "No")]
# Short names and digests are the gateway's to give, and not for a person to type.
_UNASKED = (Only, Base64Url, Uuid)
_NAMES_SOMEBODY = ("relation_to_perpetrators", "afraid_of", "talk_to", "/people/", "/against")
_UNASKED_NAMES = frozenset({"attachments", "code_word", "item_id", "supersedes", "answers"})


@dataclass(frozen=True, slots=True)
class Ask:
    """One question, with what was typed and what is wrong with it."""

    name: str
    label: str
    kind: str  # line, lines, day, moment, one, few, many
    hint: str = ""
    value: str = field(default="", repr=False)
    values: Collection[str] = field(default=(), repr=False)
    options: Options = ()
    fault: str = ""
    absent: Ask | None = None  # why it is blank

    @property
    def id(self) -> str:
        """Its place on the page."""
        return self.name.strip("/").replace("/", "-")


@dataclass(frozen=True, slots=True)
class Group:
    """Questions that belong together; of a list, one entry."""

    title: str
    inner: Sequence[Node] = field(repr=False)
    at: str = ""
    fault: str = ""
    takes_more: str = ""  # the list to which another entry can be added
    removes: str = ""  # the entry, as list and number
    is_rest: bool = False  # what need not be answered

    @property
    def id(self) -> str:
        """Its place on the page."""
        return self.at.strip("/").replace("/", "-")


Node = Ask | Group


@dataclass(frozen=True, slots=True)
class Asking:
    """What is known while a page is made."""

    typed: Typed = field(repr=False)
    faults: Mapping[str, str] = field(repr=False)  # by the name of a field, in words
    more: Collection[str] = ()  # lists of which one more entry is shown
    others: Typed = field(default_factory=dict, repr=False)  # what stands on other pages

    def of_form(self, form: Form, at: str, names: Sequence[str] = ()) -> list[Node]:
        """The questions of a form, or of some of its fields: the needed, then the rest."""
        fields = form.strict_fields()
        asked = [(n, fields[n]) for n in names or fields if _is_asked(n, fields[n], at)]
        found: list[Node] = []
        rest: list[Node] = []
        for name, each in asked:
            node = self._node(each, f"{at}/{name}", name)
            has_any = self._has(f"{at}/{name}")
            is_open = each.required or name in names or has_any
            if isinstance(node, Group) and not each.required and not has_any:
                node = replace(node, is_rest=is_open)
            (found if is_open else rest).append(node)
        if rest:
            found.append(Group("More, if it is known", rest, at=f"{at}/more", is_rest=True))
        return found

    def _has(self, at: str) -> bool:
        """Whether anything was typed there, or is wrong there."""
        names = [n for n in self.faults if _is_below(n, at)]
        return bool(names) or any(_is_below(n, at) and first(self.typed, n) for n in self.typed)

    def _node(self, field_: Strict[Any], at: str, name: str) -> Node:
        match field_:
            case OrReason():
                return self._or_reason(field_, at, name)
            case NoneOr():
                none = Ask(
                    f"{at}/none",
                    labels.none_of(name),
                    "many",
                    values=self.typed.get(f"{at}/none", ()),
                    options=[(YES, labels.none_of(name))],
                    fault=self.faults.get(f"{at}/none", ""),
                )
                return Group(labels.of(name), [none, *self._entries(field_.listed, at, name)], at)
            case Part():
                inner = self.of_form(field_.form, at)
                return Group(labels.of(name), inner, at, self.faults.get(at, ""))
            case ListOf() if isinstance(field_.inner, Part):
                fault = self.faults.get(at, "")
                return Group(labels.of(name), self._entries(field_, at, name), at, fault)
            case _:
                return self._ask(field_, at, name)

    def _people(self) -> Options:
        """Who causes harm, by the short name that the page gave."""
        at, known = "/perpetrators", {**self.others, **self.typed}
        return [
            (
                ref_of(at, n),
                " ".join(filter(None, (first(known, f"{at}/{n}/{x}") for x in _FULL_NAME)))
                or f"{labels.one_of('perpetrators')} {n + 1}",
            )
            for n in range(count(known, at))
        ]

    def _or_reason(self, field_: OrReason, at: str, name: str) -> Node:
        absent = Ask(
            f"{at}/absent",
            "If it is blank, why",
            "one",
            value=first(self.typed, f"{at}/absent"),
            options=ABSENCE,
            fault=self.faults.get(f"{at}/absent", ""),
        )
        inner = self._node(field_.inner, f"{at}/value", name)
        if isinstance(inner, Ask):
            return Ask(
                inner.name,
                inner.label,
                inner.kind,
                inner.hint or field_.says,
                inner.value,
                inner.values,
                inner.options,
                inner.fault,
                absent,
            )
        return Group(inner.title, [*inner.inner, absent], inner.at, inner.fault)

    def _entries(self, field_: ListOf, at: str, name: str) -> list[Node]:
        if not isinstance(field_.inner, Part):
            raise TypeError("a list of plain values is one question")
        shown = count(self.typed, at) + (at in self.more)
        shown = min(max(shown, 1 if field_.least else 0), field_.most)
        one = labels.one_of(name)
        found: list[Node] = [
            Group(
                f"{one} {n + 1}" if field_.most > 1 else one,
                self.of_form(field_.inner.form, f"{at}/{n}"),
                f"{at}/{n}",
                removes=f"{at}#{n}" if shown > 1 or not field_.least else "",
            )
            for n in range(shown)
        ]
        if shown < field_.most:
            found.append(Group(one, [], f"{at}/add", takes_more=at))
        return found

    def _ask(self, field_: Strict[Any], at: str, name: str) -> Ask:
        kind, options = _kind(field_)
        if isinstance(field_, PersonRef):
            kind, options = "one", self._people()
        given = self.typed.get(at, ())
        return Ask(
            at,
            labels.of(name),
            kind,
            labels.hint_of(name, kind) or field_.says,
            value="\n".join(given) if kind == "lines" else first(self.typed, at),
            values=given,
            options=options,
            fault=self.faults.get(at, ""),
        )


def asked(nodes: Sequence[Node]) -> Iterator[Ask]:
    """Every question below these, why it is blank included."""
    for node in nodes:
        if isinstance(node, Group):
            yield from asked(node.inner)
        else:
            yield node
            if node.absent is not None:
                yield node.absent


def _is_asked(name: str, field_: Strict[Any], at: str) -> bool:
    if isinstance(field_, PersonRef):
        return any(each in f"{at}/{name}" for each in _NAMES_SOMEBODY)
    inner = field_.inner if isinstance(field_, OrReason) else field_
    return name not in _UNASKED_NAMES and not isinstance(inner, _UNASKED)


def _is_below(name: str, at: str) -> bool:
    return name == at or name.startswith(f"{at}/")


def _kind(field_: Strict[Any]) -> tuple[str, Options]:
    match field_:
        case Bool():
            return "few", _YES_NO
        case Code():
            options = [(each, labels.choice(each)) for each in field_.known]
            return ("few" if len(options) <= FEW else "one"), options
        case ListOf():
            inner = field_.inner
            if isinstance(inner, Code):
                return "many", [(each, labels.choice(each)) for each in inner.known]
            return "lines", ()
        case Text():
            is_long = field_.longest > 200 and "\n" not in field_.forbidden
            return ("lines" if is_long else "line"), ()
        case Date():
            return "day", ()
        case Timestamp():
            return "moment", ()
        case _:
            return "line", ()


def said(code: str) -> str:
    """A fault of the form in words for who typed it."""
    return labels.FAULTS.get(code, words.plain(code))
