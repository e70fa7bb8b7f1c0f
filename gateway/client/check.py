"""Owns checking a form file without a gateway: every fault with its code and where it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gateway.client.repeats import repeated
from gateway.errors import Invalid, Problem
from gateway.schemas import forms
from gateway.schemas.places import PROTECTED
from gateway.schemas.problem import PROBLEM_TEXTS
from gateway.schemas.strict_json import parse

LARGEST = 1_000_000  # bytes of a form file


def read(path: Path) -> dict[str, Any]:
    """Return the form file if nothing is wrong with it.

    :raises Invalid: naming every fault. Pointers count from the root of the `document`; those of
        a sealed section start with `/sealed/` and its name.
    """
    try:
        data = path.read_bytes()
    except OSError:
        raise Invalid("The file cannot be read.", Problem("unreadable", "")) from None
    if len(data) > LARGEST:
        raise Invalid("The file is too large.", Problem("too_long", ""))
    return check(parse(data))


def check(form_file: object) -> dict[str, Any]:
    """Return a form file ({"form", "document", "sealed"?}) that is of the published form.

    :raises Invalid: as `read`.
    """
    if not isinstance(form_file, dict) or not {"form", "document"} <= form_file.keys():
        raise Invalid("The file is no form.", Problem("missing", "/form"))
    if form_file.keys() - {"form", "document", "sealed"}:
        raise Invalid("The file is no form.", Problem("unknown_field", ""))
    problems = [*_of_document(form_file), *_of_sealed(form_file), *_of_both(form_file)]
    problems += repeated(form_file)
    if problems:
        raise Invalid("The file is not of the published form.", *dict.fromkeys(problems))
    return form_file


def says(problem: Problem) -> str:
    """Return a fault as one line for a person."""
    text = PROBLEM_TEXTS.get(problem.code, "This cannot be accepted.")
    return f"{problem.pointer or '/'}: {problem.code} - {text}"


def _of_document(form_file: Mapping[str, Any]) -> Iterator[Problem]:
    try:
        forms.load(str(form_file["form"]), form_file["document"])
    except Invalid as fault:
        yield from fault.problems


def _of_sealed(form_file: Mapping[str, Any]) -> Iterator[Problem]:
    sealed = form_file.get("sealed", {})
    if not isinstance(sealed, dict):
        yield Problem("wrong_type", "/sealed")
        return
    for section, content in sealed.items():
        if section not in forms.SEALED_FORMS:
            yield Problem("unknown_field", "/sealed")
            continue
        try:
            forms.load_sealed(section, content)
        except Invalid as fault:
            for problem in fault.problems:
                yield Problem(problem.code, f"/sealed/{section}{problem.pointer}")


def _of_both(form_file: Mapping[str, Any]) -> Iterator[Problem]:
    """Compare what the document says to be sealed with what is there to be sealed."""
    document, sealed = form_file["document"], form_file.get("sealed")
    victim = document.get("victim") if isinstance(document, dict) else None
    if not isinstance(victim, dict) or form_file["form"] != "referral/1":
        return
    there = sealed if isinstance(sealed, dict) else {}
    contact = victim.get("contact")
    wanted = {
        "safe_contact": isinstance(contact, dict) and contact.get("value") == "SEALED",
        "protected_address": victim.get("address_classification") in PROTECTED,
    }
    for section, is_wanted in wanted.items():
        if is_wanted and section not in there:
            yield Problem("needed_here", f"/sealed/{section}")
    if "safe_contact" in there and not wanted["safe_contact"]:
        yield Problem("not_both", "/sealed/safe_contact")
