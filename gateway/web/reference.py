"""Owns the documentation pages: rendered here from the published description, without script."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, current_app, redirect, request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from werkzeug.wrappers import Response as Redirect

from gateway.schemas.publish import json_schema
from gateway.web.tables import tables

web = Blueprint("web", __name__, static_folder="static", static_url_path="/static")

PUBLIC_ENDPOINTS = frozenset(
    {"web.home", "web.reference", "web.forms", "web.problems", "web.schema", "web.static"}
)
_KEEP = "public, max-age=300"


@web.get("/")
def home() -> Redirect:
    """Lead to the documentation."""
    return redirect("/docs")


@web.get("/docs")
def reference() -> Response:
    """Answer with every operation: what it asks for, answers and refuses."""
    return _page("operations", "/docs")


@web.get("/docs/forms")
def forms() -> Response:
    """Answer with every form: its fields, limits and codes."""
    return _page("forms", "/docs/forms")


@web.get("/problems")
def problems() -> Response:
    """Answer with what each error code means; an error's `type` leads to its code here."""
    return _page("problems", "/problems")


@web.get("/schemas/<form>/<version>.json")
def schema(form: str, version: str) -> Response:
    """Answer with the JSON Schema of a form."""
    base = str(_description()["servers"][0]["url"])
    text = json.dumps(json_schema(f"{form}/{version}", base=base), indent=2, ensure_ascii=False)
    return _kept(text + "\n", "application/schema+json")


def _page(name: str, here: str) -> Response:
    """Render once per process: the description does not change while it runs."""
    rendered = current_app.extensions.setdefault("web-pages", {})
    if name not in rendered:
        described = _description()
        rendered[name] = (
            _environment()
            .get_template(f"{name}.html")
            .render(
                here=here,
                api=described,
                operations=_operations(described),
                tables=tables(described["components"]["schemas"]),
            )
        )
    return _kept(rendered[name], "text/html; charset=utf-8")


def _kept(text: str, content_type: str) -> Response:
    response = Response(text, content_type=content_type)
    response.headers["Cache-Control"] = _KEEP
    response.add_etag()
    response.make_conditional(request)
    return response


def _description() -> Mapping[str, Any]:
    found: Mapping[str, Any] = current_app.extensions["openapi"]()
    return found


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["pretty"] = _pretty
    return environment


def _pretty(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _operations(described: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the operations by tag, each with what its section shows."""
    found: dict[str, list[dict[str, Any]]] = {tag["name"]: [] for tag in described["tags"]}
    shared = described["components"]["responses"]
    for path, item in described["paths"].items():
        for method, each in item.items():
            found[each["tags"][0]].append(_section(path, method, each, shared))
    return [
        {"tag": tag["name"], "says": tag["description"], "operations": found[tag["name"]]}
        for tag in described["tags"]
    ]


def _section(
    path: str, method: str, each: Mapping[str, Any], shared: Mapping[str, Any]
) -> dict[str, Any]:
    good = [
        {"status": status, **_content(answer)}
        for status, answer in each["responses"].items()
        if status < "400"
    ]
    errors = [
        {"status": status, **_error(answer, shared)}
        for status, answer in each["responses"].items()
        if status >= "400"
    ]
    body = each.get("requestBody")
    return {
        "id": each["operationId"].replace("_", "-"),
        "method": method.upper(),
        "path": path,
        "summary": each["summary"],
        "says": each["description"],
        "scope": next((s["oauth"][0] for s in each["security"] if "oauth" in s), ""),
        "inputs": each.get("parameters", []),
        "body": _content(body) if body else None,
        "answers": good,
        "errors": errors,
    }


def _content(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return media type, form and example of a body; for a sealed one those of what is inside."""
    contents: Mapping[str, Any] = body.get("content") or {"": {}}
    media_type, content = next(iter(contents.items()))
    inner = content.get("x-marac-document", content.get("schema", {}))
    return {
        "says": body.get("description", ""),
        "media_type": media_type,
        "form": str(inner.get("$ref", "")).rpartition("/")[2],
        "table": tables({"": inner})[0] if "properties" in inner else None,
        "example": content.get("x-marac-example", content.get("example")),
    }


def _error(answer: Mapping[str, Any], shared: Mapping[str, Any]) -> dict[str, Any]:
    """Return the words of an error answer and its codes."""
    named = str(answer.get("$ref", "")).rpartition("/")[2]
    whole = answer.get("description") or shared[named]["description"]
    says, _, codes = whole.partition(" Codes: ")
    return {"says": says, "codes": re.findall(r"[a-z0-9_]+", codes)}
