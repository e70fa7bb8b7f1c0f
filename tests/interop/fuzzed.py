"""What schemathesis is run with: a description whose envelopes are open, and its hooks.

The body of a sealed operation is published as one opaque string. `opened` puts the schema of the
document inside (`x-marac-document`) in its place, and `seal` signs and seals for real what is
generated from it, so that it reaches the code behind the cryptography. Each request gets a token
of the scope that its operation states and a fresh proof. `STATE` names a file that says where.
"""

from __future__ import annotations

import copy
import json
import os
import re
import uuid
import zlib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import requests
import schemathesis
from requests_oauth2client.dpop import add_dpop_proof
from schemathesis import Case, HookContext, Response, SerializationContext

from tests.interop.partner import Json, Partner

STATE, SEEN = "FUZZED_STATE", "FUZZED_SEEN"
SEALED = "application/jose"
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

# Whoever may call an operation; readers differ, so which of them follows from the address.
LANDLORD, IDVA, COORDINATOR = "harbourgate-homes", "marlbury-idva", "marlbury-marac"
READERS = (IDVA, COORDINATOR, "marlbury-police", "marlbury-csc")
CALLERS: Mapping[str, tuple[str, ...]] = {
    "list_referrals": (LANDLORD, COORDINATOR),
    "read_referral": (LANDLORD, IDVA),
    "list_cases": READERS,
    "pull_case": READERS,
    "explain_case": READERS,
    "list_access": (LANDLORD, IDVA, COORDINATOR),
    "acknowledge_case": (IDVA,),
    "record_position": (IDVA,),
    "decide_case": (COORDINATOR,),
    "plan_conference": (COORDINATOR,),
    "list_conference_case": (COORDINATOR,),
    "read_agenda": READERS,
}


# --- the description ----------------------------------------------------------------------------


def opened(description: Json, known: Mapping[str, list[str]]) -> Json:
    """The description with its envelopes open, and with ids that exist among those to be tried."""
    described = copy.deepcopy(description)
    for operation in operations(described):
        body = operation.get("requestBody", {}).get("content", {}).get(SEALED)
        if body is not None:
            body["schema"] = body.pop("x-marac-document")
            operation["x-form"] = body["schema"]["$ref"].rpartition("/")[2].replace("-1", "/1")
        for parameter in operation.get("parameters", []):
            parameter["schema"] = _or_known(parameter["name"], parameter["schema"], known)
    for schema in described["components"]["schemas"].values():
        for name, part in schema.get("properties", {}).items():
            schema["properties"][name] = _or_known(name, part, known)
    return described


def operations(description: Json) -> Iterator[Json]:
    """Every operation of a description."""
    for path in description["paths"].values():
        yield from path.values()


def _or_known(name: str, schema: Json, known: Mapping[str, list[str]]) -> Json:
    return {"anyOf": [{"enum": known[name]}, schema]} if name in known else schema


# --- who calls, and how -------------------------------------------------------------------------


@cache
def _state() -> Json:
    state: Json = json.loads(Path(os.environ[STATE]).read_text("utf-8"))
    state["rules"] = [
        (method.upper(), re.compile(re.sub(r"\{\w+\}", "[^/]+", path) + r"/?"), operation)
        for path, found in state["description"]["paths"].items()
        for method, operation in found.items()
    ]
    return state


@cache
def _partner(agency: str) -> Partner:
    state = _state()
    return Partner(state["base_url"], agency, Path(state["agencies"]) / agency)


def _caller(operation: str, address: str) -> Partner:
    agencies = CALLERS.get(operation, (LANDLORD,))
    return _partner(agencies[zlib.crc32(address.encode()) % len(agencies)])


class Signed(requests.auth.AuthBase):
    """A token of the operation's scope, and a proof for the request as it leaves."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        address = str(request.url)
        path = address.removeprefix(_state()["base_url"]).partition("?")[0]
        for method, rule, operation in _state()["rules"]:
            scopes = [s for each in operation["security"] for s in each.get("oauth", ())]
            if scopes and method == request.method and rule.fullmatch(path):
                token = _caller(operation["operationId"], address).token(scopes[0])
                request.headers["Authorization"] = f"DPoP {token.access_token}"
                add_dpop_proof(request, token.dpop_key, token.access_token)
        return request


schemathesis.auth.set_from_requests(Signed())


@schemathesis.serializer(SEALED)
def seal(context: SerializationContext, value: Any) -> bytes:
    """Sign and seal what was generated, as the only agency that calls its operation."""
    raw = context.case.operation.definition.raw
    return _caller(raw["operationId"], "").enclose(raw["x-form"], value).encode()


@schemathesis.hook
def before_call(context: HookContext, case: Case, kwargs: Json) -> None:
    """Make most acts new ones: generated keys repeat, and a repeated key is no new act."""
    key = case.headers.get("Idempotency-Key")
    if isinstance(key, str) and UUID.fullmatch(key) and zlib.crc32(repr(case.body).encode()) % 8:
        case.headers["Idempotency-Key"] = str(uuid.uuid4())


@schemathesis.hook
def after_call(context: HookContext, case: Case, response: Response) -> None:
    """Keep what was tried and how it was answered."""
    mode = case.meta.generation.mode.value if case.meta else "-"
    seen = [case.operation.definition.raw["operationId"], mode, response.status_code]
    with Path(os.environ[SEEN]).open("a", encoding="utf-8") as file:
        file.write(json.dumps(seen) + "\n")
