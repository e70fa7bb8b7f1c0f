"""Owns the published JSON Schema (draft 2020-12) of every form, derived from the forms."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema

from gateway.errors import NotFound
from gateway.schemas.forms import BODIES, CLAIMS, FORMS, NOTE_TEXT, SEALED_FORMS
from gateway.schemas.parts import Form

DIALECT = "https://json-schema.org/draft/2020-12/schema"

# Everything that is published, by name; sealed plaintexts are forms of their own.
PUBLISHED: dict[str, Form] = {
    **FORMS,
    **BODIES,
    "envelope/1": CLAIMS,
    "private-note-text/1": NOTE_TEXT,
    **{f"sealed-{name.replace('_', '-')}/1": form for name, form in SEALED_FORMS.items()},
}


def json_schema(form: str, *, base: str) -> dict[str, Any]:
    """Return the JSON Schema of a form, complete in itself, under `base`/schemas/.

    What it accepts is a little more than the form does: rules across members, check digits and
    days that no calendar has are the form's alone.

    :raises NotFound: if nothing of that name is published.
    """
    if form not in PUBLISHED:
        raise NotFound("There is no such form.")
    definitions: dict[str, dict[str, Any]] = {}
    body = _schema(PUBLISHED[form], definitions)
    found = {"$schema": DIALECT, "$id": f"{base}/schemas/{form}.json", "title": form, **body}
    return found | ({"$defs": dict(sorted(definitions.items()))} if definitions else {})


def _schema(form: Form, definitions: dict[str, dict[str, Any]]) -> dict[str, Any]:
    def refs(part: Schema) -> dict[str, Any]:
        name = type(part).__name__
        if name not in definitions:
            assert isinstance(part, Form)  # noqa: S101 - every part is built by us
            definitions[name] = {}
            definitions[name] = _schema(part, definitions)
        return {"$ref": f"#/$defs/{name}"}

    members = form.strict_fields()
    return {
        "description": " ".join((form.__doc__ or "").split()),
        "type": "object",
        "properties": {name: field.described(refs) for name, field in members.items()},
        "required": [name for name, field in members.items() if field.required],
        "additionalProperties": False,
    }
