"""Owns putting the description together: every operation, every form, every error."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

# Imported for their declarations: the description covers them however it is asked for.
from gateway.api import (
    actions,
    approvals,
    cases,
    conferences,
    consent,
    copies,
    directory,
    explaining,
    log,
    notes,
    receipts,
    referrals,
    reports,
    workers,
)
from gateway.api.openapi import answers, components, problems, public
from gateway.api.operations import OPERATIONS, Operation
from gateway.schemas.codes import Scope
from gateway.schemas.problem import PROBLEM_TEXTS

PATH_PARAMETERS: Mapping[str, tuple[str, str]] = {
    "reference": (
        "The reference of a case as your receipt or feed writes it. Case does not matter, hyphens"
        " may be left out, O reads as 0, I and L as 1.",
        "7K3MQ-2XF8A-C",
    ),
    "conference_id": ("The id of a conference.", "6f1c1f52-8f0e-4b39-9e6a-5a1f0b9e6f11"),
}
TAGS: Mapping[str, tuple[str, object]] = {
    "Referrals": ("Submit, answer a return, add facts, look, take back.", referrals),
    "Cases": (
        "See what is new, pull a case, answer it, decide about it.",
        (cases, consent, receipts, approvals, explaining, copies, notes),
    ),
    "Conferences": ("Plan, list cases, get the agenda.", conferences),
    "Actions": ("See what there is to do, say what became of it; flags that end.", actions),
    "Reports": ("Counts of an area, small ones hidden.", reports),
    "Log": ("Checkpoints and proofs of the access log.", log),
    "Directory": ("The partner agencies and their keys.", directory),
    "Workers": ("Whom a worker is close to, and keys of its own.", workers),
    "Access": ("Tokens by client credentials. Answers of this part are OAuth's own JSON.", public),
    "Discovery": ("What a client can find out without a token.", public),
}
SAYS = (
    "A referral gateway for multi-agency risk assessment conferences. Documents about people are"
    " signed by their agency (JWS, ES256) and encrypted to the gateway (JWE, ECDH-ES with P-256);"
    " what is handed out is signed by the gateway and encrypted to the reading agency. Plain JSON"
    " holds codes, ids and times alone. If a life is in danger, ring 999: this is not an emergency"
    " channel."
)


@cache
def document(base_url: str) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the service at `base_url`; not to be changed."""
    paths: dict[str, dict[str, Any]] = {}
    for declared in sorted(OPERATIONS, key=_place):
        rule = "/v1" + re.sub(r"<(\w+)>", r"{\1}", declared.rule)
        paths.setdefault(rule, {})[declared.method.lower()] = _operation(declared)
    return {
        "openapi": "3.1.1",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "MARAC referral gateway",
            "version": "1",
            "summary": "Refer, route, disclose on need to know, and prove it.",
            "description": SAYS,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": base_url}],
        "tags": [{"name": name, "description": says} for name, (says, _) in TAGS.items()],
        "paths": paths | public.paths(),
        "components": {
            "schemas": components.schemas(base_url),
            "responses": problems.responses(),
            "securitySchemes": _schemes(base_url),
        },
        "x-problems": {
            "requests": problems.listed(),
            "fields": [{"code": code, "says": says} for code, says in PROBLEM_TEXTS.items()],
            "oauth": public.errors(),
        },
    }


def _place(declared: Operation) -> tuple[int, str, str]:
    return list(TAGS).index(_tag(declared)), declared.rule, declared.method


_TAG_OF = {
    "routing": "Referrals",
    "seal-requests": "Cases",
    "due": "Cases",
    "looks": "Cases",
    "flags": "Actions",
}


def _tag(declared: Operation) -> str:
    first = declared.rule.split("/")[1]
    return _TAG_OF.get(first, first.capitalize())


def _operation(declared: Operation) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": declared.name,
        "tags": [_tag(declared)],
        "summary": declared.summary,
        "description": declared.says,
        "security": [{"oauth": [str(declared.scope)], "proof": []}],
        "parameters": _parameters(declared),
    }
    if declared.form is not None:
        found["requestBody"] = _body(declared)
    found["responses"] = {
        str(declared.status): answers.response(declared),
        **problems.of(declared),
    }
    return {name: part for name, part in found.items() if part != []}


def _parameters(declared: Operation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name in re.findall(r"<(\w+)>", declared.rule):
        says, example = PATH_PARAMETERS[name]
        found.append(
            {
                "name": name,
                "in": "path",
                "required": True,
                "description": says,
                "schema": {"type": "string", "minLength": 1},
                "example": example,
            }
        )
    for query in declared.query:
        found.append(
            {
                "name": query.name,
                "in": "query",
                "required": query.is_needed,
                "description": query.says,
                "schema": {"type": "string", "pattern": f"^(?:{query.pattern})$"},
            }
        )
    if declared.is_once:
        found.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": True,
                "description": "A UUID of your own for this one act. A retry under the same key is"
                " answered with the stored answer; other content under it is refused.",
                "schema": {"type": "string", "format": "uuid"},
                "example": "0f8d7c1e-52a7-4a0e-9a43-3b1f6c2d9e10",
            }
        )
    return found


def _body(declared: Operation) -> dict[str, Any]:
    form = {"$ref": f"#/components/schemas/{components.name_of(str(declared.form))}"}
    if not declared.is_sealed:
        content: dict[str, Any] = {"schema": form}
        if declared.example is not None:
            content["example"] = dict(declared.example)
        return {"required": True, "content": {"application/json": content}}
    sealed: dict[str, Any] = {"schema": components.ENVELOPE, "x-marac-document": form}
    if example := components.EXAMPLES.get(str(declared.form)):
        sealed["x-marac-example"] = example()
    return {
        "required": True,
        "description": f"A JWE in compact serialisation around a JWS of your agency. Its claims"
        f" are those of envelope/1; the document in them is of the form {declared.form}.",
        "content": {"application/jose": sealed},
    }


def _schemes(base_url: str) -> dict[str, Any]:
    return {
        "oauth": {
            "type": "oauth2",
            "description": "Client credentials with private_key_jwt (RFC 7523). A token lives 300"
            " seconds and is sent as `Authorization: DPoP`; Bearer is refused. Ask for the scopes"
            " you need.",
            "flows": {
                "clientCredentials": {
                    "tokenUrl": f"{base_url}/oauth/token",
                    "scopes": {str(scope): SCOPES[scope] for scope in Scope},
                }
            },
        },
        "proof": {
            "type": "apiKey",
            "in": "header",
            "name": "DPoP",
            "description": "A fresh proof of possession for each request (RFC 9449), signed by the"
            " key that the token is bound to. For a token, and for every method but GET, it carries"
            " the nonce of the newest DPoP-Nonce header; without it the answer is use_dpop_nonce"
            " and brings one.",
        },
    }


SCOPES: Mapping[Scope, str] = {
    Scope.REFERRALS_WRITE: "Submit referrals, answer returns, take back, ask for recipients",
    Scope.REFERRALS_READ: "Read your agency's own referrals",
    Scope.RISK_WRITE: "Add risk assessments to your referrals",
    Scope.CASES_READ: "See and pull cases assigned to your agency",
    Scope.CASES_WRITE: "Answer cases, record positions, decide, return research, settle actions",
    Scope.CONFERENCE_WRITE: "Plan conferences and list cases",
    Scope.CONFERENCE_READ: "Get your agenda and what you are asked to look for, count a quarter",
    Scope.LOG_READ: "See who read what, and prove it",
    Scope.DIRECTORY_READ: "List the partner agencies",
}
