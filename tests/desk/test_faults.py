"""The fault matrix for pages: each answers under each fault as docs/faults.toml says."""

from __future__ import annotations

import io
import re
import tomllib
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from gateway.agencies import passwords
from gateway.flows import agencies
from gateway.profiles.loader import Profiles
from gateway.schemas.codes import Custody, PersonRole
from gateway.store import tables as t
from tests.desk.conftest import COORDINATOR, IDVA, LANDLORD, Desk, a_desk, a_link, add_people, sign
from tests.desk.test_desk import enter
from tests.desk.test_entering import send as sent_in
from tests.desk.test_own_referrals import refused
from tests.desk.test_signing_in import PASSWORD, a_password, code
from tests.desk.typing import seen_of, type_in, typed_of
from tests.faults.faulty import FAULTS
from tests.hsm import reachable
from tests.journeys import acting
from tests.journeys.hosting import host
from tests.journeys.world import AUDITOR, ROOT, World, _fresh, example

TABLE: dict[str, Any] = tomllib.loads((ROOT / "docs" / "faults.toml").read_text("utf-8"))
LISTED = {route: group for group in TABLE["pages"] for route in group["routes"]}
PLACES = {
    "sqlite": ("log", "tree", "behind", "ahead", "disks"),
    "postgresql": ("log", "tree", "disk"),
    "token": ("keys",),
}
_KEY = re.compile(r'name="key" value="([^"]+)"')
_CODE = re.compile(r'data-code="(\w+)"')
# They answer what another one of their group does, and want a device or a spent secret to be asked.
ALIKE = {
    "POST /desk/sign-in/passkey",
    "POST /desk/sign-in/recovery",
    "POST /desk/account/passkey",
    "POST /desk/account/password",
    "POST /desk/prove",
}


@pytest.fixture(scope="module", params=[*PLACES])
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[World, tuple[str, ...]]]:
    """A world, and the faults that are made in it."""
    name = request.param
    more: dict[str, Any] = {"mode": "demo"}
    with ExitStack() as stack:
        if name == "token":
            patch = stack.enter_context(pytest.MonkeyPatch.context())
            more["token"] = stack.enter_context(reachable(tmp_path_factory.mktemp("hsm"), patch))
        database = "postgresql" if name == "postgresql" else "sqlite"
        world = stack.enter_context(_fresh(request, database, **more))
        add_people(world)
        yield world, PLACES[name]


def asking(world: World, route: str, desks: Mapping[str, Desk]) -> Callable[[], TestResponse]:
    """A request that would succeed, with all that must be there before it."""
    method, _, rule = route.partition(" ")
    if made := _maker(rule):
        return made(world, desks, method, rule)
    desk, keeper = desks["coordinator"], desks["administrator"]
    if route == "POST /desk/link/<text>":
        link, fresh = a_link(world, "landlord"), Desk(world.app.test_client())
        fresh.get(link)
        return lambda: fresh.post(link)
    if route.startswith("POST /desk/sign-out"):
        leaving = a_desk(world, "coordinator")
        return lambda: leaving.post(rule)
    if rule.startswith("/desk/people"):
        form = {"worker": "idva-01", "role": ["IDVA"]}
        keeper.get("/desk/people")
        return lambda: keeper.get(rule) if method == "GET" else keeper.post(rule, form)
    if route == "POST /desk/sign-in/password":
        return _password(world, desk)
    if rule.startswith(("/desk/sign", "/desk/static", "/desk/link", "/desk/<")):
        public = Desk(world.app.test_client())
        link = a_link(world, "landlord") if "link" in rule else ""
        path = {
            "/desk/link/<text>": link,
            "/desk/static/<path:filename>": "/desk/static/passkey.js",
            "/desk/<path:rest>": "/desk/nothing",
        }.get(rule, rule)
        public.get("/desk/sign-in")
        if "static" in rule:
            return lambda: public.client.get(path, base_url=public.base, buffered=True)
        return lambda: public.get(path) if method == "GET" else public.post(path)
    reference = world.client(LANDLORD).refer(example("c1")).reference
    path = rule.replace("<code>", "triage").replace("<reference>", reference)
    desk.get("/desk/account")
    return lambda: desk.get(path) if method == "GET" else desk.post(path, {"purpose": "P9"})


LOOKED_AT = ("/history", "/records", "/contact")


def _looked_at(
    world: World, desks: Mapping[str, Desk], method: str, path: str
) -> Callable[[], TestResponse]:
    """A part of a case that has a page of its own."""
    if path.endswith("/contact"):
        return _contact(world, desks["idva"], method, path)
    desk = desks["coordinator"]
    desk.get("/desk/account")
    if method == "GET":
        return lambda: desk.get(path)
    form = {"purpose": "P9"}
    if path.endswith("/records"):
        desk.post(path.replace("/records", ""), form)
        receipt = re.findall(r'name="receipt" value="([^"]+)"', desk.get(path).text)[0]
        form = {"receipt": receipt, "what": "receipt"}
    return lambda: desk.post(path, form)


def _contact(world: World, desk: Desk, method: str, path: str) -> Callable[[], TestResponse]:
    """How she is reached, for a hosted agency; and a try that is written down."""
    if not world.rows(t.hosted_key, agency_id=IDVA):
        host(world, IDVA)
    desk.get("/desk/account")
    if method == "GET":
        return lambda: desk.get(f"{path}?purpose=P2")
    form = {"key": str(uuid.uuid4()), "purpose": "P2", "on": f"{world.now:%Y-%m-%d}"}
    form |= {"time": "00:00", "way": "IN_PERSON", "outcome": "REACHED"}
    return lambda: desk.post(path, form)


def _of_case(
    world: World, desks: Mapping[str, Desk], method: str, rule: str
) -> Callable[[], TestResponse]:
    """A page of a case that was sent just now, or what is written on it."""
    path = rule.replace("<reference>", world.client(LANDLORD).refer(example("c1")).reference)
    if rule.endswith("/answer"):
        return lambda: desks["idva"].post(path, {"outcome": "ACCEPTED"})
    desk = desks["coordinator"]
    if rule.endswith("/waits") and method == "POST":
        desk.get("/desk/account")
        again = world.client(COORDINATOR).pull(path.split("/")[3], "P9").document["triage"]
        mark = next(each["mark"] for each in again["links"] if each["status"] == "PROPOSED")
        form = {"what": "match", "mark": mark, "same": "no", "key": str(uuid.uuid4())}
        return lambda: desk.post(path, form)
    if rule.endswith(LOOKED_AT):
        return _looked_at(world, desks, method, path)
    if rule.endswith("/minutes"):
        return _minutes(world, desk, method)
    if rule.endswith("/actions") and method == "POST":
        path = rule.replace("<reference>", acting.listed(world, _conference(world)))
        desk.get("/desk/account")
        number = str(acting.proposed(world, path.split("/")[3], LANDLORD, "Fit a lock."))
        step = {"what": "step", "number": number, "act": "SUPERSEDE", "key": str(uuid.uuid4())}
        return lambda: desk.post(path, step)
    if method == "POST" and rule.endswith(("/moves", "/list")):
        return _of_accepted(world, desk, path)
    if method == "GET":
        return lambda: desk.get(f"{path}?purpose=P9")
    page = desk.get(f"{path}?purpose=P9").text
    form = {"decision": "ACCEPT", "seen": "", "purpose": "P9", "key": _KEY.findall(page)[0]}
    return lambda: desk.post(path, form)


def _of_returned(
    world: World, desks: Mapping[str, Desk], method: str, rule: str
) -> Callable[[], TestResponse]:
    """What came back to who typed it in."""
    desk, form = a_desk(world, "landlord"), example("c1")
    reference = sent_in(desk, type_in(desk, LANDLORD, typed_of(form["document"])), form)
    decision = {"decision": "RETURN", "reasons": ["NO_RATIONALE"]}
    world.client(COORDINATOR).decide(reference, decision)
    path = rule.replace("<reference>", reference)
    desk.get(path)
    return lambda: desk.get(path) if method == "GET" else desk.post(path, {"purpose": "P1"})


def _of_accepted(world: World, desk: Desk, path: str) -> Callable[[], TestResponse]:
    """What is done with a case that was accepted: listed, or withdrawn."""
    world.client(COORDINATOR).decide(path.split("/")[3], {"decision": "ACCEPT"})
    desk.get("/desk/account")
    withdrawn = {"act": "WITHDRAW", "why": "MADE_IN_ERROR"}
    form = withdrawn if path.endswith("/moves") else {"conference": _conference(world)}
    return lambda: desk.post(path, {**form, "key": str(uuid.uuid4())})


def a_file() -> dict[str, Any]:
    """What a page sends to attach a file."""
    return {"file": (io.BytesIO(b"A letter."), "letter.txt"), "kind": "OTHER"}


def a_list() -> dict[str, Any]:
    """What a page sends to have a list of earlier cases taken over."""
    heads = b"Case number,Referral date,Victim first name,Victim surname,Perpetrator surname\n"
    row = b"M-1,1 11 2026,Elena,Marsh-Okoro,Marsh-Okoro\n"
    return {"file": (io.BytesIO(heads + row), "list.csv"), "do": "go"}


def _of_import(
    world: World, desks: Mapping[str, Desk], method: str, rule: str
) -> Callable[[], TestResponse]:
    """The page that takes over earlier cases, or a list to be taken over."""
    desk = desks["coordinator"]
    desk.get(rule)
    return lambda: desk.get(rule) if method == "GET" else desk.post(rule, a_list())


def _of_original(
    world: World, desks: Mapping[str, Desk], method: str, rule: str
) -> Callable[[], TestResponse]:
    """An original of a case that was typed in just now."""
    desk = desks["coordinator"]
    desk.get("/desk/drafts")
    draft = type_in(desk, LANDLORD, typed_of(example("c1")["document"]))
    assert desk.post(f"{draft}/files", {**a_file(), "do": "add"}).status_code == 303
    whole = {"/victim/contact/absent": "UNKNOWN", **seen_of(desk, draft)}
    assert desk.post(f"{draft}/send", whole).status_code == 303
    sent = desk.get(f"{draft}/sent").text.split("number is<br><strong>")[1].split("<")[0]
    form = {"purpose": "P9", "sent": sent, "number": "1"}
    return lambda: desk.post(rule.replace("<reference>", sent), form)


def _of_drafts(
    world: World, desks: Mapping[str, Desk], method: str, rule: str
) -> Callable[[], TestResponse]:
    """What was begun, a page of it, and sending or dropping it."""
    desk = desks["coordinator"]
    form = example("c1")
    is_whole = rule.endswith("/sent") or (method, rule[-4:]) == ("POST", "send")
    desk.get("/desk/drafts")
    if is_whole:
        draft = type_in(desk, LANDLORD, typed_of(form["document"]))
    else:
        begun = desk.post("/desk/drafts", {"agency": LANDLORD})
        draft = begun.headers["Location"].rsplit("/", 1)[0]
    path = rule.replace("/desk/drafts/<draft_id>", draft).replace("<name>", "her")
    whole = {"/victim/contact/absent": "UNKNOWN", **seen_of(desk, draft), "do": "send"}
    if rule.endswith("/files") and method == "POST":
        return lambda: desk.post(path, {**a_file(), "do": "add"})
    sent = whole if is_whole else {"seen": "0", "agency": LANDLORD}
    if rule.endswith("/sent"):
        assert desk.post(f"{draft}/send", sent).status_code == 303
    return lambda: desk.get(path) if method == "GET" else desk.post(path, sent)


def _minutes(world: World, desk: Desk, method: str) -> Callable[[], TestResponse]:
    """Minutes that were sent out, or a correction to them."""
    desk.get("/desk/account")
    base = f"/desk/conferences/{_conference(world)}"
    _in_the_room(world, desk, "GET", f"{base}/room")
    reference = _heard(world, desk, base, is_over=True)
    desk.post(f"{base}/minutes", {"key": str(uuid.uuid4())})
    path = f"/desk/cases/{reference}/minutes"
    (number, *_) = re.findall(r'id="p-(\d+)"', desk.get(path).text)
    corrected = {**_a_minute(), "number": number}
    return lambda: desk.get(path) if method == "GET" else desk.post(path, corrected)


def _maker(rule: str) -> Callable[..., Callable[[], TestResponse]] | None:
    if rule == "/desk/import":
        return _of_import
    if rule.endswith("/originals"):
        return _of_original
    if rule.startswith("/desk/drafts"):
        return _of_drafts
    exact = {
        "/desk/audit": _of_audit,
        "/desk/actions": _of_actions,
        "/desk/flags": _of_flags,
        "/desk/reports": _of_reports,
        "/desk/cases/<reference>/mend": _of_returned,
        "/desk/referrals": _of_referrals,
        "/desk/referrals/<reference>/challenge": _of_referrals,
    }
    if rule in exact:
        return exact[rule]
    if rule.startswith("/desk/cases/<reference>/"):
        return _of_case
    if rule.startswith("/desk/my-conferences"):
        return _of_partner
    return _of_meetings if rule.startswith("/desk/conferences") else None


def _of_referrals(
    world: World, desks: Mapping[str, Desk], method: str, rule: str
) -> Callable[[], TestResponse]:
    """What a referrer sent, and a refusal that it challenges."""
    desk, path = a_desk(world, "landlord"), rule.replace("<reference>", refused(world))
    form = {"reason": "He was at her door again.", "key": str(uuid.uuid4())}
    return lambda: desk.get(path) if method == "GET" else desk.post(path, form)


def _of_flags(
    world: World, desks: Mapping[str, Desk], method: str, rule: str
) -> Callable[[], TestResponse]:
    """A flag that can be taken off."""
    desk, conference = desks["coordinator"], _conference(world)
    reference = acting.flagged(world, conference)
    desk.get("/desk/account")
    form = {"reference": reference, "why": "PLACED_IN_ERROR", "key": str(uuid.uuid4())}
    return lambda: desk.get(rule) if method == "GET" else desk.post(rule, form)


def _of_audit(
    world: World, desks: Mapping[str, Desk], method: str, rule: str
) -> Callable[[], TestResponse]:
    """An auditor, and a case of its area."""
    if not world.rows(t.worker, agency_id=AUDITOR):
        with world.operator() as work:
            agencies.add_worker(work, agency_id=AUDITOR, worker_id="audit-01")
    desk = enter(world, AUDITOR, "audit-01", PersonRole.DPO_AUDITOR)
    desk.get("/desk/audit")
    reference = world.client(LANDLORD).refer(example("c1")).reference
    form = {"reference": reference}
    return lambda: desk.get(rule) if method == "GET" else desk.post(rule, form)


def _of_reports(
    world: World, desks: Mapping[str, Desk], method: str, rule: str
) -> Callable[[], TestResponse]:
    """What a report is asked with."""
    desk = desks["coordinator"]
    desk.get("/desk/account")
    form = {"quarter": f"{world.now:%Y}-Q1", "why": "OWN_WORK"}
    return lambda: desk.get(rule) if method == "GET" else desk.post(rule, form)


def _of_actions(
    world: World, desks: Mapping[str, Desk], method: str, rule: str
) -> Callable[[], TestResponse]:
    """A list that has something on it."""
    acting.proposed(world, acting.listed(world, _conference(world)), LANDLORD, "Fit a lock.")
    return lambda: desks["coordinator"].get(rule)


def _conference(world: World) -> str:
    starts_at = (world.now + timedelta(days=30)).strftime("%Y-%m-%dT09:30:00Z")
    form = {"area": "MARLBURY", "starts_at": starts_at, "attendees": [LANDLORD, IDVA]}
    return str(world.client(COORDINATOR).create_conference(form)["conference"])


def _of_partner(
    world: World, desks: Mapping[str, Desk], method: str, rule: str
) -> Callable[[], TestResponse]:
    """A partner's own part of a conference, with a case about which it is asked."""
    conference, client = _conference(world), world.client(COORDINATOR)
    reference = world.client(LANDLORD).refer(example("c1")).reference
    client.decide(reference, {"decision": "ACCEPT"})
    client.list_case(conference, reference)
    path = rule.replace("<conference_id>", conference).replace("<reference>", reference)
    desk = desks["idva"]
    sign(desk, f"/desk/conferences/{conference}")
    form = {"do": "nil", "key": str(uuid.uuid4())}
    return lambda: desk.get(path) if method == "GET" else desk.post(path, form)


def _of_meetings(
    world: World, desks: Mapping[str, Desk], method: str, rule: str
) -> Callable[[], TestResponse]:
    """The conferences to come, or the list of one; planning one, or letting a list stand."""
    desk = desks["coordinator"]
    desk.get("/desk/account")
    starts_at = world.now + timedelta(days=30)
    plan = {"day": f"{starts_at:%d}", "month": f"{starts_at:%m}", "year": f"{starts_at:%Y}"}
    form = {**plan, "time": "09:30", "attendees": LANDLORD, "key": str(uuid.uuid4()), "do": "lock"}
    path = rule.replace("<conference_id>", _conference(world) if "<" in rule else "")
    if rule.endswith("/plan"):
        acting.heard(world, acting.listed(world, path.split("/")[3]))
        return lambda: desk.post(path, form)
    if rule.endswith("/papers"):
        sign(desk, path.removesuffix("/papers"))
        return lambda: desk.post(path, {"what": "agenda", "format": "pdf"})
    if rule.endswith("/packs"):
        return _of_packs(world, desk, method)
    if rule.count("/") > 3:
        return _in_the_room(world, desk, method, path)
    if "<" in rule:
        sign(desk, path)
    return lambda: desk.get(path) if method == "GET" else desk.post(path, form)


def _of_packs(world: World, desk: Desk, method: str) -> Callable[[], TestResponse]:
    """A conference to which somebody comes who cannot sign in."""
    if world.rows(t.agency, id=acting.CSC)[0]["custody"] != Custody.HOSTED:
        host(world, acting.CSC)
    at = (world.now + timedelta(days=30)).strftime("%Y-%m-%dT09:30:00Z")
    base = f"/desk/conferences/{acting.a_conference(world, at=at)}"
    sign(desk, base)
    form = {"agency": acting.CSC, "recipient": "Somebody", "reason": "No sign-in."}
    path = f"{base}/packs"
    return lambda: desk.get(path) if method == "GET" else desk.post(path, form)


def _in_the_room(world: World, desk: Desk, method: str, path: str) -> Callable[[], TestResponse]:
    """The declaration, then the meeting that it opens, a case of it, and its minutes."""
    base = "/".join(path.split("/")[:4])
    digest = Profiles.load().declaration.digest
    signed = {"attending": "REPRESENTATIVE", "digest": digest}
    if not path.endswith("/declaration"):
        desk.post(f"{base}/declaration", signed)
    form = {"do": "begin", **signed, "key": str(uuid.uuid4())}
    if "/cases/" in path or path.endswith("/minutes"):
        reference = _heard(world, desk, base, is_over=path == f"{base}/minutes")
        path = path.replace("<reference>", reference)
        form = {"do": "leave", **_a_minute()}
        if not path.endswith(("/minutes", "/actions")) or path == f"{base}/minutes":
            del form["text"]
    return lambda: desk.get(path) if method == "GET" else desk.post(path, form)


def _heard(world: World, desk: Desk, base: str, *, is_over: bool) -> str:
    """A case that is open in a meeting, or was heard in one that has ended."""
    client, reference = world.client(COORDINATOR), world.client(LANDLORD).refer(example("c1"))
    client.decide(reference.reference, {"decision": "ACCEPT"})
    client.list_case(base.rsplit("/", 1)[1], reference.reference)
    case = f"{base}/cases/{reference.reference}"
    desk.post(f"{base}/room", {"do": "begin"})
    desk.post(case, {"do": "open", "present": f"{COORDINATOR}/marac-01"})
    if is_over:
        desk.post(f"{case}/minutes", _a_minute())
        desk.post(case, {"do": "heard", "feedback": "PLAN_AGREED"})
        desk.post(f"{base}/room", {"do": "end"})
    return str(reference.reference)


def _a_minute() -> dict[str, str]:
    ids = {name: str(uuid.uuid4()) for name in ("key", "page")}
    kinds = {"kind": "RISK", "said": "FACT", "class": "minutes", "owner": COORDINATOR}
    more = {
        "theme": "SAFETY_PLAN",
        "urgency": "URGENT",
        "as": "marac-01",
        "present": f"{COORDINATOR}/marac-01",
        "number": "1",
    }
    return {**ids, **kinds, **more, "version": "0", "text": "One."}


def _password(world: World, desk: Desk) -> Callable[[], TestResponse]:
    seed = a_password(desk, world)
    world.later(seconds=2 * passwords.STEP)
    form = {"name": f"{COORDINATOR}/marac-01", "password": PASSWORD, "code": code(seed, world)}
    fresh = Desk(world.app.test_client())
    fresh.get("/desk/sign-in")
    return lambda: fresh.post("/desk/sign-in/password", form)


def told(answer: TestResponse) -> str:
    """Status, with the code of a refusal or where it leads."""
    if answer.status_code == 303 and answer.headers["Location"] == "/desk/sign-in":
        return "303 to sign in"
    if answer.status_code < 400:
        return "served"
    found = _CODE.search(answer.text)
    return f"{answer.status_code} {found[1]}" if found else str(answer.status_code)


def test_M15_the_table_has_every_page_once_and_every_fault(place: tuple[World, Any]) -> None:
    routes = [
        f"{method} {rule.rule}"
        for rule in place[0].app.url_map.iter_rules()
        if rule.endpoint.startswith("desk.")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    ]
    listed = [route for group in TABLE["pages"] for route in group["routes"]]
    assert sorted([*listed, *ALIKE]) == sorted(routes)
    for group in TABLE["pages"]:
        assert group.keys() - {"routes", "says"} == FAULTS.keys()
    assert {fault for faults in PLACES.values() for fault in faults} == FAULTS.keys()


@pytest.mark.parametrize("fault", ["log", "disk", "disks"])
def test_F74_while_nothing_can_be_recorded_no_page_shows_a_case(fault: str) -> None:
    routes = [r for r, group in LISTED.items() if "cases" in r or "needs" in r or r == "GET /desk"]
    assert len(routes) >= 30  # so that none is left out by a change of names
    assert {LISTED[route][fault] for route in routes} == {"503 unavailable"}


@pytest.mark.parametrize("route", LISTED)
def test_V24_a_page_answers_under_a_fault_as_the_table_says(
    place: tuple[World, tuple[str, ...]], route: str
) -> None:
    world, faults = place
    world.later(hours=9)  # buckets are full again, and every session is over
    desks = {who: a_desk(world, who) for who in ("coordinator", "administrator", "idva")}
    for fault in faults:
        send = asking(world, route, desks)
        before = world.counts()
        with FAULTS[fault](world):
            answer = send()
        assert (fault, told(answer)) == (fault, LISTED[route][fault])
        assert answer.headers["Cache-Control"] in ("no-store", "no-cache")
        if answer.status_code == 503:
            assert int(answer.headers["Retry-After"]) > 0
            assert world.counts() == before
