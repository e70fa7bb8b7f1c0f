"""Owns asking Cedar: the policies of this folder, which were written without looking at our tables.

A question is whether somebody may have a section at a level. To hold an answer of ours against
Cedar takes at most two: it must allow that level, and must not allow the next.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from typing import Any

from cedarpy import Entities, PolicySet, is_authorized

from gateway.schemas.codes import Level
from tests.oracle.points import Situation, categories, shown

HERE = Path(__file__).parent
RISING = (Level.INDICATOR, Level.SUMMARY, Level.FULL)
ACTION = {Level.INDICATOR: "indicator", Level.SUMMARY: "summary", Level.FULL: "full"}
# Every fact that a cell may ask for, in the words of the policies.
FACTS = (
    *("child there", "own stock", "placing", "placed here", "client", "tenant or household"),
    *("treated", "sarc", "about the perpetrator", "school terms", "home terms"),
    *("took the report", "own record"),
)
_KEPT_BACK = {"purpose kept back": "purpose", "class kept back": "narrative"}
_POLICY = re.compile(r"(?ms)^(permit|forbid) \(.*?;$")
_SCOPE = re.compile(r'resource (?:in Category|== Section)::"(\w+)"')
_ANYTHING = "permit (principal, action, resource);\n"
Context = Mapping[str, Any]
Difference = tuple[Situation, str, Level, str]


class Policy:
    """One policy, asked by itself, and remembered by the variables that it speaks of.

    Cedar weighs each policy alone: a request is allowed if some permit holds and no forbid does.
    Only what the text names is handed over; a variable that was missed would be an error of
    Cedar's, and fails here, so that nothing is remembered under too short a key.
    """

    def __init__(self, kind: str, text: str, entities: Entities) -> None:
        bare = re.sub(r"//.*", "", text)
        self.is_forbid = kind == "forbid"
        self.keys = tuple(sorted(set(re.findall(r"context\.(\w+)", bare))))
        self.asks_section = bare.count("resource") > 1 or bool(_SCOPE.search(bare))
        self.asks_level = bare.count("action") > 1 or "action in" in bare or "action ==" in bare
        self.asks_kind = bare.count("principal") > 1 or "principal ==" in bare
        scope = _SCOPE.search(bare.split(")\n")[0])
        self.scope = scope[1] if scope else None
        self._set = PolicySet.from_str(_ANYTHING + bare if self.is_forbid else bare)
        self._entities = entities
        self._values: Callable[[Context], Any] = (
            itemgetter(*self.keys) if self.keys else lambda context: ()
        )
        self._known: dict[Any, bool] = {}

    def holds(self, kind: str, section: str, level: Level, context: Context) -> bool:
        """Whether the policy applies to a question."""
        key = (
            kind if self.asks_kind else None,
            section if self.asks_section else None,
            level if self.asks_level else None,
            self._values(context),
        )
        known = self._known.get(key)
        if known is None:
            named = {name: context[name] for name in self.keys}
            is_allowed = _ask(kind, section, level, named, self._set, self._entities)
            known = self._known[key] = is_allowed is not self.is_forbid
        return known

    def concerns(self, section: str) -> bool:
        """Whether the policy can speak of a section at all, by its own scope."""
        return self.scope in (None, section, str(categories()[section]))


class Policies:
    """The policies of need to know."""

    def __init__(self, text: str | None = None) -> None:
        text = text or (HERE / "need_to_know.cedar").read_text()
        self.whole = PolicySet.from_str(text)
        self.entities = Entities.from_json_str(json.dumps(_entities()))
        each = [Policy(found[1], found[0], self.entities) for found in _POLICY.finditer(text)]
        assert len(each) == len(self.whole)
        everywhere = [
            one for one in each if one.is_forbid and not (one.asks_section or one.asks_level)
        ]
        self._everywhere = everywhere
        self._by_section = {
            section: (
                [one for one in each if not one.is_forbid and one.concerns(section)],
                [
                    one
                    for one in each
                    if one.is_forbid and one.concerns(section) and one not in everywhere
                ],
            )
            for section in categories()
        }

    def shut(self, kind: str, context: Context) -> bool:
        """Whether a forbid that asks for neither section nor level holds."""
        return any(one.holds(kind, "", Level.FULL, context) for one in self._everywhere)

    def allows(self, kind: str, section: str, level: Level, context: Context) -> bool:
        """Whether some permit and no forbid holds that asks for section or level."""
        permits, forbids = self._by_section[section]
        return any(one.holds(kind, section, level, context) for one in permits) and not any(
            one.holds(kind, section, level, context) for one in forbids
        )


def differences(
    situations: Iterable[Situation], policies: Policies
) -> tuple[list[Difference], int, int]:
    """Return where the two statements differ, how many points were asked, and how many permit."""
    found: list[Difference] = []
    points = permits = 0
    for each in situations:
        ours, context, kind = shown(each), context_of(each), str(each.kind)
        is_shut = policies.shut(kind, context)
        for section in categories():
            level = ours.get(section, Level.NONE)
            points, permits = points + 1, permits + (level is not Level.NONE)
            for wanted in _questions(level):
                is_allowed = not is_shut and policies.allows(kind, section, wanted, context)
                if is_allowed is not (wanted is level):
                    said = f"Cedar {'allows' if is_allowed else 'denies'} {wanted}"
                    found.append((each, section, level, said))
    return found, points, permits


def at_once(each: Situation, section: str, policies: Policies) -> Level:
    """Return what the whole set allows of a section, asked from the lowest level upwards."""
    context, kind, found = context_of(each), str(each.kind), Level.NONE
    for level in RISING:
        if not _ask(kind, section, level, context, policies.whole, policies.entities):
            break
        found = level
    return found


def context_of(each: Situation) -> dict[str, Any]:
    """Return a situation in the words of the policies."""
    excluded = ("kind excluded", "kind excluded, overridden")
    return {
        "purpose": str(each.purpose),
        "stage": str(each.stage),
        "outcome": str(each.outcome),
        "roles": tuple(sorted(each.roles)),
        "present": each.is_present,
        "facts": FACTS if each.is_known else (),
        "approved": each.is_approved,
        "sealed": each.is_sealed,
        "own": each.is_own,
        "conflict": each.wall in ("worker tied", "agency shut out"),
        "otherKind": each.wall == "other kind",
        "barred": each.wall == "barred",
        "excludedAgency": each.wall == "agency excluded",
        "excludedKind": each.wall in excluded,
        "overridden": each.wall == excluded[1],
        "keptBack": _KEPT_BACK.get(each.wall or "", ""),
    }


def ask(situations: Sequence[Situation]) -> tuple[list[Difference], int, int]:
    """Ask both statements about some situations; a process of its own may do that."""
    return differences(situations, shipped())


@lru_cache
def shipped() -> Policies:
    """The policies as they stand in this folder."""
    return Policies()


def _ask(
    kind: str, section: str, level: Level, context: Context, policies: PolicySet, entities: Entities
) -> bool:
    request = {
        "principal": f'Kind::"{kind}"',
        "action": f'Action::"{ACTION[level]}"',
        "resource": f'Section::"{section}"',
        "context": dict(context),
    }
    answer = is_authorized(request, policies, entities)
    assert not answer.diagnostics.errors, answer.diagnostics.errors
    return answer.allowed


def _questions(level: Level) -> tuple[Level, ...]:
    """Return the level itself, if any, and the next above."""
    if level is Level.NONE:
        return (Level.INDICATOR,)
    place = RISING.index(level)
    return RISING[place : place + 2]


def _entities() -> list[dict[str, Any]]:
    """Levels within levels, sections within categories."""
    return [
        _entity("Action", "indicator", "Action", "summary"),
        _entity("Action", "summary", "Action", "full"),
        *(_section(name, of) for name, of in categories().items()),
    ]


def _section(name: str, category: str) -> dict[str, Any]:
    """A section in its category; what agencies return for a conference is known by its name."""
    found = _entity("Section", name, "Category", category)
    if name.startswith("research_"):
        found["parents"].append({"type": "Kept", "id": "returned"})
    return found


def _entity(kind: str, name: str, of_kind: str, of: str) -> dict[str, Any]:
    parents = [{"type": of_kind, "id": str(of)}]
    return {"uid": {"type": kind, "id": name}, "attrs": {}, "parents": parents}
