"""What schemathesis is run with: a description whose envelopes are open, and its hooks.

The body of a sealed operation is published as one opaque string. `opened` puts the schema of the
document inside (`x-marac-document`) in its place, `claimed` that of all claims around it; `seal`
signs and seals for real what is generated from them, so that it reaches the code behind the
cryptography. Each request gets a token of the scope that its operation states and a fresh proof.
"""

from __future__ import annotations

import copy
import json
import os
import re
import uuid
import zlib
from collections.abc import Iterator, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

import requests
import schemathesis
from requests_oauth2client import DPoPToken
from requests_oauth2client.dpop import add_dpop_proof
from schemathesis import Case, HookContext, Response, SerializationContext
from schemathesis.core.failures import Failure

from tests.interop.partner import Json, Partner

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
STATE, SEEN = "FUZZED_STATE", "FUZZED_SEEN"  # files: what is run against, what was tried
SEALED = "application/jose"
IGNORED_AUTH = "ST401"
NEAR = ("referral-1", "risk-assessment-1", "decision-1")  # forms with published documents
ANSWER = {"value", "absent"}  # an answer, or the reason why there is none: one member, never both
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
    "record_dated_position": (IDVA,),
    "record_override": (IDVA,),
    "list_readings": (COORDINATOR,),
    "decide_case": (COORDINATOR,),
    "plan_conference": (COORDINATOR,),
    "list_conference_case": (COORDINATOR,),
    "hear_case": (COORDINATOR,),
    "read_agenda": READERS,
}


# --- the description ----------------------------------------------------------------------------


def opened(description: Json, known: Mapping[str, list[str]]) -> Json:
    """The description with its envelopes open, and with ids that exist among those to be tried."""
    described = copy.deepcopy(description)
    for operation in operations(described):
        body = operation.get("requestBody", {}).get("content", {}).get(SEALED)
        if body is not None:
            operation["x-form"] = body["x-marac-document"]["$ref"].rpartition("/")[2]
            body["schema"] = body.pop("x-marac-document")
        for parameter in operation.get("parameters", []):
            if parameter["name"] in known:
                parameter["schema"] = {"enum": known[parameter["name"]]}
    for schema in described["components"]["schemas"].values():
        for name, part in schema.get("properties", {}).items():
            if name in known:
                schema["properties"][name] = {"anyOf": [{"enum": known[name]}, part]}
    return described


def in_parts(described: Json) -> Json:
    """An opened description in which some forms are generated part by part, for `spliced`.

    A whole referral is more than is generated in bearable time, and what is generated from the
    schema alone breaks one of the rules between fields nearly always, and never gets past them.
    """
    schemas = described["components"]["schemas"]
    for form in NEAR:
        parts = []
        for name, part in schemas[form]["properties"].items():
            inner = schemas.get(part.get("$ref", "").rpartition("/")[2], {}).get("properties", {})
            inner = {} if inner.keys() <= ANSWER else inner
            parts += [_only(name, _only(n, p)) for n, p in inner.items()] or [_only(name, part)]
        schemas[form] = {"anyOf": parts}
    for operation in operations(described):
        operation["x-near"] = operation.get("x-form") in NEAR
    return described


def _only(name: str, part: Json) -> Json:
    return {
        "type": "object",
        "properties": {name: part},
        "required": [name],
        "additionalProperties": False,
    }


def claimed(described: Json) -> Json:
    """An opened description in which the claims around the document are generated too."""
    envelope = described["components"]["schemas"]["envelope-1"]
    for operation in operations(described):
        media = operation["requestBody"]["content"][SEALED]
        document = media["schema"]
        if operation["x-form"] == "referral-1":
            document = {"enum": [each["document"] for each in examples()]}
        media["schema"] = {
            **envelope,
            "properties": {**envelope["properties"], "document": document},
        }
        operation["x-claims"] = True
    return described


def with_sealed_alone(description: Json) -> Json:
    """The description without all operations that take no sealed document."""
    described = copy.deepcopy(description)
    for path, found in list(described["paths"].items()):
        kept = {
            method: each
            for method, each in found.items()
            if SEALED in each.get("requestBody", {}).get("content", {})
        }
        described["paths"][path] = kept
    described["paths"] = {path: found for path, found in described["paths"].items() if found}
    return described


def operations(description: Json) -> Iterator[Json]:
    """Every operation of a description."""
    for path in description["paths"].values():
        yield from path.values()


def examples() -> list[Json]:
    """The form files of `examples/`, in the order of their names."""
    return [json.loads(path.read_text("utf-8")) for path in sorted(EXAMPLES.glob("*.json"))]


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
                request.register_hook("response", partial(_with_nonce, token))
        return request


def _with_nonce(token: DPoPToken, answer: requests.Response, **how: Any) -> requests.Response:
    """Send once more what lacked the nonce of this minute, with the one that came back."""
    if "use_dpop_nonce" not in answer.headers.get("WWW-Authenticate", ""):
        return answer
    token.dpop_key.rs_nonce = answer.headers["DPoP-Nonce"]
    again = answer.request.copy()
    again.deregister_hook("response", again.hooks["response"][0])
    add_dpop_proof(again, token.dpop_key, token.access_token)
    return answer.connection.send(again, **how)


schemathesis.auth.set_from_requests(Signed())  # type: ignore[attr-defined]  # documented


@schemathesis.serializer(SEALED)
def seal(context: SerializationContext, value: Any) -> bytes:
    """Sign and seal what was generated, as the only agency that calls its operation."""
    raw = context.case.operation.definition.raw
    if "x-form" not in raw:
        return value if isinstance(value, bytes) else str(value).encode()
    partner, form = _caller(raw["operationId"], ""), raw["x-form"].replace("-1", "/1")
    if "x-claims" not in raw or not isinstance(value, dict):
        document, sealed = _nearly_published(context.case, value)
        return partner.enclose(form, document, sealed).encode()
    right = partner.claims(form, value.get("document"))
    drawn = _drawn(value)  # one claim in eight is left as it was generated
    kept = {name for index, name in enumerate(right) if not drawn >> 3 * index & 7}
    claims = {**value, **{name: right[name] for name in right.keys() - kept}}
    return partner.enclose_claims(claims).encode()


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], kwargs: Json) -> None:
    """Make most acts new ones, and let a client prove who it is, and ask for what it may."""
    key = case.headers.get("Idempotency-Key")
    if isinstance(key, str) and UUID.fullmatch(key) and _drawn(case.body) % 8:
        case.headers["Idempotency-Key"] = str(uuid.uuid4())  # generated keys repeat
    body = case.body
    if isinstance(body, dict) and "client_assertion" in body and _is_positive(case):
        body["client_assertion"] = _partner(LANDLORD).assertion()
        case.headers["DPoP"] = _partner(LANDLORD).proof_for_token()
        if _drawn(body.get("scope")) % 2:
            body["scope"] = "referrals:read"


def _is_positive(case: Case[Any]) -> bool:
    return case.meta is not None and case.meta.generation.mode.is_positive


def _nearly_published(case: Case[Any], value: Any) -> tuple[Any, list[Json]]:
    """Seven in eight documents become published ones in which one part was generated."""
    raw, drawn = case.operation.definition.raw, _drawn(value)
    if "x-near" not in raw or not isinstance(value, dict) or not drawn % 8:
        return value, []
    near = _published(raw["operationId"])
    document, sealed = near[drawn // 8 % len(near)]
    return spliced(value, document), sealed


@cache
def _published(operation: str) -> list[tuple[Json, list[Json]]]:
    """The published documents of an operation, each with its sealed sections."""
    [raw] = [each for _, _, each in _state()["rules"] if each["operationId"] == operation]
    if raw["x-form"] == "referral-1":
        landlord, key = _partner(LANDLORD), str(uuid.uuid4())
        return [(each["document"], landlord.seal_sections(each, key)) for each in examples()]
    return [(raw["requestBody"]["content"][SEALED]["x-marac-example"], [])]


def spliced(made: Json, published: Json) -> Json:
    """A published document with the parts that were generated in the place of its own."""
    document = copy.deepcopy(published)
    for name, part in made.items():
        held = document.get(name)
        if isinstance(part, dict) and isinstance(held, dict) and not part.keys() & ANSWER:
            document[name] = {**held, **part}
        else:
            document[name] = part
    return document


@schemathesis.hook
def after_call(context: HookContext, case: Case[Any], response: Response) -> None:
    """Keep what was tried and how it was answered."""
    mode = case.meta.generation.mode.value if case.meta else "-"
    seen = [case.operation.definition.raw["operationId"], mode, response.status_code]
    with Path(os.environ[SEEN]).open("a", encoding="utf-8") as file:
        file.write(json.dumps(seen) + "\n")


@schemathesis.hook
def filter_failure(
    context: HookContext, failure: Failure, case: Case[Any], response: Response
) -> bool:
    """Drop what is no fault: a bad proof at the token endpoint is answered 400 (RFC 9449)."""
    is_token = case.operation.definition.raw["operationId"] == "token"
    return not (is_token and failure.code == IGNORED_AUTH)


def _drawn(value: Any) -> int:
    """A number that follows from what was generated."""
    return zlib.crc32(repr(value).encode("utf-8", "surrogatepass"))
