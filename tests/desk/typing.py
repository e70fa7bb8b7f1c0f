"""What a person types to say what a form file says: fields by their pointer, page by page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from gateway.desk.entering.drafts import names_of, nodes_of
from gateway.desk.entering.pages import ADDRESS, ASSESSMENT, CONTACT, PAGES
from gateway.desk.entering.questions import Asking
from tests.desk.conftest import Desk

Typed = dict[str, list[str]]
LEFT_OUT = ("/summaries", "/referral/attachments")  # what no page asks


def typed_of(document: Mapping[str, Any]) -> Typed:
    """The fields of a form file, as they are typed; short names of people are not."""
    found: Typed = {}
    for pointer, text in _fields(document, ""):
        found.setdefault(pointer, []).append(text)
    return {n: t for n, t in found.items() if not n.startswith(LEFT_OUT)}


def protected_of(form: Mapping[str, Any]) -> Typed:
    """What a form file seals, as it is typed on the last page."""
    found: Typed = {}
    places = {"safe_contact": CONTACT, "protected_address": ADDRESS}
    for section, content in form.get("sealed", {}).items():
        for pointer, text in _fields(content, places[section]):
            if "code_word" not in pointer and pointer != f"{ADDRESS}/classification":
                found.setdefault(pointer, []).append(text)
    return found


def page_of(name: str, typed: Typed) -> Typed:
    """The part of it that stands on one page."""
    nodes = [n for _, block in nodes_of(name, Asking(typed, {})) for n in block]
    names = {*names_of(nodes), *(n for n in typed if name == "risk" and n.startswith(ASSESSMENT))}
    if name == "risk":
        names.add("/risk_assessments/absent")
    return {n: texts for n, texts in typed.items() if n in names}


def type_in(desk: Desk, agency_id: str, typed: Typed) -> str:
    """Type a referral into the pages of a new draft; the draft's address."""
    desk.get("/desk/drafts")
    answer = desk.post("/desk/drafts", {"agency": agency_id})
    assert answer.status_code == 303, answer.text
    draft = answer.headers["Location"].rsplit("/", 1)[0]
    for page in PAGES:
        mine = page_of(page.name, typed)
        assert desk.get(f"{draft}/{page.name}").status_code == 200
        source = typed.get(f"{ASSESSMENT}/answers/0/source", [""])[0]
        answer = desk.post(
            f"{draft}/{page.name}", {**mine, "seen": "0", "do": "next", "source": source}
        )
        assert answer.status_code == 303, answer.text
    return draft


def seen_of(desk: Desk, draft: str) -> Typed:
    """Open the last page; what it hides of how often the draft was saved until then."""
    return {"seen": re.findall(r'name="seen" value="([0-9]+)"', desk.get(f"{draft}/send").text)}


def _fields(value: Any, at: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, each in value.items():
            if _is_typed(name, each, at):
                yield from _fields(each, f"{at}/{name}")
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for number, each in enumerate(value):
            yield from _fields(each, f"{at}/{number}")
    elif isinstance(value, list):
        yield from ((at, str(each)) for each in value)
    elif isinstance(value, bool):
        yield at, "yes" if value else "no"
    else:
        yield at, str(value)


def _is_typed(name: str, value: Any, at: str) -> bool:
    """Not what the page itself gives: short names, where it seals, that he must not know."""
    if name == "ref":
        return "household" not in at and at.count("/") > 2
    return name != "contact" and not (name == "aware_of_referral" and value is False)
