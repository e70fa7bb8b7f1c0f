"""Owns the published description: OpenAPI 3.1 of every route, made from what is enforced."""

from __future__ import annotations

import json

from flask import Blueprint, Response
from flask.blueprints import BlueprintSetupState

from gateway.api.house import house
from gateway.api.openapi.description import document

__all__ = ["PUBLIC_ENDPOINTS", "document", "openapi_page", "published"]

published = Blueprint("published", __name__)

PUBLIC_ENDPOINTS = frozenset({"published.openapi_json"})


@published.record_once
def _offer(state: BlueprintSetupState) -> None:
    """Let the door for people render the same description; doors do not import each other."""
    state.app.extensions["openapi"] = lambda: document(house().settings.base_url)


@published.get("/openapi.json")
def openapi_json() -> Response:
    """Answer with the description of this very service."""
    text = openapi_page(house().settings.base_url)
    response = Response(text, content_type="application/json")
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


def openapi_page(base_url: str = "https://gateway.example.org") -> str:
    """Return the description as it is kept in docs/: the same bytes on every Python version."""
    return json.dumps(document(base_url), indent=2, ensure_ascii=False) + "\n"
