"""The client against a gateway that shares no code with it, and its commands."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from gateway.client import Gateway, ProblemError, Response, Sender, config
from gateway.client.access import Access
from gateway.client.commands import main
from gateway.errors import Invalid, Unavailable, Undecipherable, UnsafeSettings
from gateway.sealing import jose, outgoing
from tests.counterpart import Counterpart, Pair, served, unseal
from tests.doors.oauth import BASE as DOOR
from tests.doors.oauth import Agency, Door, a_door

BASE, AGENCY = "https://gateway.example.org", "harbourgate"
ROOT = Path(__file__).parents[2]
START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def seconds(self) -> int:
        return int(self.now.timestamp())


def a_form(**document: Any) -> dict[str, Any]:
    full: dict[str, Any] = {
        "referral": {"needs": ["LANGUAGE"]},
        "victim": {"address": {"value": {"postcode": {"value": "XX1 2AB"}}}},
        "consent_record": {"conditions": [], "recorded_at": "2026-11-19T10:00:00Z"},
    }
    return {
        "form": "referral/1",
        "document": {**full, **document},
        "sealed": {"safe_contact": {"channels": [{"value": "07700 900123"}]}},
    }


@pytest.fixture
def keys(tmp_path: Path) -> config.AgencyKeys:
    config.new_keys(tmp_path / "keys", AGENCY)
    return config.load_keys(tmp_path / "keys")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk(tmp_path: Path, keys: config.AgencyKeys, clock: Clock) -> Counterpart:
    public = json.loads((tmp_path / "keys" / config.PUBLIC).read_text())["keys"]
    return Counterpart(BASE, AGENCY, public, clock.seconds)


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def client(
    desk: Counterpart, keys: config.AgencyKeys, clock: Clock, pauses: list[float]
) -> Gateway:
    return Gateway(
        desk, base_url=BASE, agency_id=AGENCY, keys=keys, clock=clock, pause=pauses.append
    )


# --- a referral -------------------------------------------------------------------------------


def test_a_referral_arrives_and_its_receipt_is_verified(client: Gateway, desk: Counterpart) -> None:
    receipt = client.refer(a_form())
    assert receipt.reference == "7K3MQ-2XF8A-C"
    assert receipt.claims["level"] == "HIGH"
    [claims] = desk.documents
    assert claims["document"] == a_form()["document"]
    assert "worker" not in claims


def test_a_sealed_section_is_for_those_whom_the_gateway_names_for_it(
    client: Gateway, desk: Counterpart
) -> None:
    client.refer(a_form())
    [item] = desk.documents[0]["sealed"]
    [recipient] = item["recipients"]  # the police row has no safe_contact
    assert (recipient["agency"], recipient["kid"]) == ("idva", desk.idva.kid)
    opened = json.loads(unseal(recipient["jwe"], desk.idva.key, "marac-section+jwe"))
    assert opened["channels"][0] == {"value": "07700 900123", "review_by": "2026-12-03"}
    assert len(jose.b64u_decode(opened["salt"])) == 16


def test_nothing_but_codes_is_asked_of_the_preview(client: Gateway, desk: Counterpart) -> None:
    client.refer(a_form())
    assert json.loads(desk.bodies[0]) == {"outward": "XX1", "needs": ["LANGUAGE"]}


def test_without_sealed_sections_nothing_is_asked(client: Gateway, desk: Counterpart) -> None:
    client.refer({"form": "referral/1", "document": {"victim": {}}})
    assert ("POST", "/v1/routing/preview") not in desk.asked
    assert "sealed" not in desk.documents[0]


@pytest.mark.parametrize(
    "change",
    [
        {"consent_record": {"conditions": [{"text": "x", "excludes_kind": "IDVA"}]}},
        {"consent_record": {"conditions": [{"text": "x", "excludes_agency": "idva"}]}},
        {"must_not_receive": [{"agency_id": "idva"}]},
        {"must_not_receive": [{"agency_kind": "IDVA"}]},
    ],
)
def test_whom_the_form_excludes_gets_no_copy_and_nothing_leaves_open(
    client: Gateway, desk: Counterpart, change: dict[str, Any]
) -> None:
    with pytest.raises(Invalid) as caught:
        client.refer(a_form(**change))
    assert [problem.pointer for problem in caught.value.problems] == ["/sealed/safe_contact"]
    assert desk.documents == []


def test_the_others_still_get_theirs(client: Gateway, desk: Counterpart) -> None:
    form = a_form(must_not_receive=[{"agency_kind": "IDVA"}])
    form["sealed"] = {"protected_address": {"notes": "x"}}
    client.refer(form)
    [item] = desk.documents[0]["sealed"]
    assert [row["agency"] for row in item["recipients"]] == ["police"]


def test_an_address_in_the_clear_is_asked_for_by_its_outward_part_else_the_area() -> None:
    assert outgoing.preview_question({"referral": {"area": "marlbury"}}) == {"area": "marlbury"}
    assert outgoing.preview_question(a_form()["document"])["outward"] == "XX1"
    assert outgoing.preview_question({}) == {}


# --- retries ----------------------------------------------------------------------------------


def test_F16_a_lost_answer_is_asked_for_again(
    client: Gateway, desk: Counterpart, pauses: list[float]
) -> None:
    # the preview, the keys, the log's own key; then two tries of the referral
    desk.faults = ["", "", "", "answer lost", "away"]
    client.refer(a_form())
    first, second = desk.documents
    assert first["jti"] != second["jti"]
    assert first["sealed"] == second["sealed"]
    assert len(desk.answers) == 1
    assert pauses == [0.5, 1.0]


def test_F16_the_same_content_sent_again_later_is_the_same_referral(
    client: Gateway, desk: Counterpart, clock: Clock
) -> None:
    form = a_form()
    first = client.refer(form, idempotency_key=client.key_for(form))
    clock.now += timedelta(hours=25)
    again = client.refer(form, idempotency_key=client.key_for(a_form()))
    assert again.token == first.token
    assert len(desk.answers) == 1
    copies = [claims["sealed"][0] for claims in desk.documents]
    assert copies[0]["digest"] == copies[1]["digest"]
    assert copies[0]["recipients"] != copies[1]["recipients"]


def test_another_content_or_another_call_is_another_referral(
    client: Gateway, desk: Counterpart
) -> None:
    assert client.key_for(a_form()) != client.key_for(a_form(x=1))
    client.refer(a_form())
    client.refer(a_form())
    assert len(desk.answers) == 2


def test_a_gateway_that_stays_away_is_said_so(client: Gateway, desk: Counterpart) -> None:
    desk.faults = ["away"] * 9
    with pytest.raises(Unavailable):
        client.refer(a_form())
    assert desk.documents == []


def test_a_refusal_is_not_repeated_and_names_code_and_place(
    client: Gateway, desk: Counterpart
) -> None:
    with pytest.raises(ProblemError) as caught:
        client.withdraw("7K3MQ-2XF8A-C/../x", "SENT_IN_ERROR")
    assert (caught.value.status, caught.value.code) == (404, "not_found")
    assert caught.value.problems == (("missing", "/victim/dob"),)
    assert str(caught.value) == "404 not_found\n  missing at /victim/dob"
    path = "/v1/referrals/7K3MQ-2XF8A-C%2F..%2Fx/withdrawal"
    assert desk.asked.count(("POST", path)) == 1


# --- tokens -----------------------------------------------------------------------------------


def test_a_token_serves_its_scope_until_shortly_before_its_end(
    client: Gateway, desk: Counterpart, clock: Clock
) -> None:
    for _ in range(3):
        client.list_cases()
    assert len(desk.tokens) == 1
    client.refer(a_form())
    assert sorted(token["scope"] for token in desk.tokens.values()) == [
        "cases:read",
        "directory:read",
        "log:read",
        "referrals:write",
    ]
    clock.now += timedelta(seconds=271)
    client.list_cases()
    assert len(desk.tokens) == 5


def test_a_token_that_was_revoked_is_replaced(client: Gateway, desk: Counterpart) -> None:
    client.list_cases()
    desk.tokens.clear()
    assert client.list_cases()["next"] == "after-"


def test_a_new_nonce_is_followed(client: Gateway, desk: Counterpart) -> None:
    for nonce in ("one", "two", "three"):
        desk.nonce = nonce
        assert client.list_cases("7")["next"] == "after-cursor=7"


def test_the_worker_is_in_the_assertion_and_in_the_document(
    desk: Counterpart, keys: config.AgencyKeys, clock: Clock
) -> None:
    client = Gateway(desk, base_url=BASE, agency_id=AGENCY, keys=keys, worker="w-17", clock=clock)
    client.refer(a_form())
    assert {token["worker"] for token in desk.tokens.values()} == {"w-17"}
    assert desk.documents[0]["worker"] == "w-17"


# --- answers ----------------------------------------------------------------------------------


def test_a_pull_is_opened_with_its_sealed_sections(client: Gateway) -> None:
    pulled = client.pull("7K3MQ-2XF8A-C", "P2")
    assert pulled.document["purpose"] == "P2"
    assert pulled.reveal() == {"safe_contact": {"channels": []}}
    assert "pad" not in pulled.claims


def test_an_acknowledgement_is_codes_alone(client: Gateway, desk: Counterpart) -> None:
    assert client.acknowledge("7K3MQ-2XF8A-C", "ACCEPTED") is None
    client.acknowledge("7K3MQ-2XF8A-C", "DECLINED", "full")
    assert [json.loads(body) for body in desk.bodies] == [
        {"outcome": "ACCEPTED"},
        {"outcome": "DECLINED", "reason": "full"},
    ]


def act_refer(client: Gateway) -> None:
    client.refer(a_form())


def act_pull(client: Gateway) -> None:
    client.pull("7K3MQ-2XF8A-C", "P2")


@pytest.mark.parametrize("act", [act_refer, act_pull])
def test_an_answer_for_another_agency_is_refused(
    client: Gateway, desk: Counterpart, act: Callable[[Gateway], None]
) -> None:
    desk.audience = "other"
    with pytest.raises(Undecipherable):
        act(client)


@pytest.mark.parametrize("act", [act_refer, act_pull])
def test_an_answer_that_somebody_else_signed_is_refused(
    client: Gateway, desk: Counterpart, act: Callable[[Gateway], None]
) -> None:
    client.refer(a_form())
    desk.signing = Pair("sig")
    with pytest.raises(Undecipherable):
        act(client)


def test_a_gateway_that_says_it_is_another_is_left(client: Gateway, desk: Counterpart) -> None:
    desk.issuer = "https://elsewhere.example.org"
    with pytest.raises(Unavailable):
        client.list_cases()
    assert desk.tokens == {}


# --- with our own authorization server ----------------------------------------------------------


@pytest.fixture
def door(sqlite_url: str, tmp_path: Path) -> Iterator[Door]:
    with a_door(sqlite_url, tmp_path) as door:
        yield door


def an_access(door: Door, agency: Agency, worker: str | None = None) -> Access:
    def send(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Response:
        path = url.removeprefix(DOOR)
        answer = door.client.open(path, method=method, headers=dict(headers), data=body)
        names = {name.lower(): value for name, value in answer.headers.items()}
        return Response(answer.status_code, names, answer.data)

    return Access(
        send,
        base_url=DOOR,
        agency_id=agency.agency_id,
        signing_key=jose.import_private(agency.sig, "sig"),
        signing_kid=agency.sig["kid"],
        worker=worker,
        clock=lambda: door.now,
    )


@pytest.mark.parametrize("path", ["/v1/whoami", "/v1/nonce"])
def test_our_own_gateway_gives_a_token_and_takes_it(door: Door, path: str) -> None:
    access = an_access(door, door.enrol("landlord"))
    for _ in range(2):
        answer = access.call("referrals:read", "GET", path, query={"purpose": "P1"})
        assert json.loads(answer.body)["agency"] == "landlord"
    door.later(3600)
    assert access.call("referrals:read", "GET", path).status == 200
    assert access.read_public("jwks_uri")["keys"][0]["use"] == "sig"


def test_our_own_gateway_refuses_what_the_agency_may_not(door: Door) -> None:
    access = an_access(door, door.enrol("landlord"))
    with pytest.raises(ProblemError) as caught:
        access.call("conference:write", "POST", "/v1/whoami")
    assert (caught.value.status, caught.value.code) == (400, "invalid_scope")
    with pytest.raises(ProblemError) as caught:
        access.call("referrals:read", "GET", "/v1/log")
    assert caught.value.status == 403
    with pytest.raises(ProblemError) as caught:
        an_access(door, Agency("nobody", door)).call("referrals:read", "GET", "/v1/whoami")
    assert (caught.value.status, caught.value.code) == (401, "invalid_client")
    with pytest.raises(ProblemError):
        an_access(door, door.enrol("other"), "w-unknown").call("referrals:read", "GET", "/v1/log")


# --- over HTTP, and the commands ------------------------------------------------------------------


@pytest.fixture
def running(tmp_path: Path, keys: config.AgencyKeys) -> Iterator[Counterpart]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    base = f"http://127.0.0.1:{server.server_port}"
    public = json.loads((tmp_path / "keys" / config.PUBLIC).read_text())["keys"]
    desk = Counterpart(base, AGENCY, public, lambda: int(datetime.now(UTC).timestamp()))
    text = f'base_url = "{base}"\nagency = "{AGENCY}"\nkeys = "keys"\n'
    (tmp_path / "client.toml").write_text(text)
    with served(desk, server):
        yield desk


def test_one_connection_serves_many_calls(running: Counterpart, keys: config.AgencyKeys) -> None:
    sender = Sender(running.base_url)
    client = Gateway(sender, base_url=running.base_url, agency_id=AGENCY, keys=keys)
    assert client.refer(a_form()).reference == "7K3MQ-2XF8A-C"
    assert len(client.list_cases()["items"]) == 1
    sender.close()
    assert client.pull("7K3MQ-2XF8A-C", "P2").sealed
    sender.close()


def test_commands_pull_cases_and_acknowledge(
    running: Counterpart, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = ["--config", str(tmp_path / "client.toml")]
    assert main(["cases", *settings]) == 0
    shown = capsys.readouterr().out
    assert "7K3MQ-2XF8A-C  ASSIGNED  HIGH  TRIAGE" in shown
    assert "--cursor after-" in shown
    assert main(["pull", "7K3MQ-2XF8A-C", "--purpose", "P2", *settings]) == 0
    assert json.loads(capsys.readouterr().out)["opened"] == {"safe_contact": {"channels": []}}
    out = tmp_path / "case.json"
    arguments = ["pull", "7K3MQ-2XF8A-C", "--purpose", "P2", "--out", str(out)]
    assert main([*arguments, *settings]) == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert "channels" not in capsys.readouterr().out
    assert main(["acknowledge", "7K3MQ-2XF8A-C", *settings]) == 0
    assert "ACCEPTED" in capsys.readouterr().out


def test_a_command_finds_its_configuration(
    running: Counterpart, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(config.VARIABLE, str(tmp_path / "client.toml"))
    assert main(["cases"]) == 0
    monkeypatch.delenv(config.VARIABLE)
    monkeypatch.chdir(tmp_path)
    assert main(["cases"]) == 4
    (tmp_path / config.DEFAULT).write_text((tmp_path / "client.toml").read_text())
    assert main(["cases"]) == 0
    assert running.tokens


def test_a_gateway_that_is_not_there_gives_its_own_exit_code(
    tmp_path: Path, keys: config.AgencyKeys, capsys: pytest.CaptureFixture[str]
) -> None:
    assert keys.signing_kid
    text = f'base_url = "http://127.0.0.1:1"\nagency = "{AGENCY}"\nkeys = "keys"\n'
    (tmp_path / "client.toml").write_text(text)
    os.environ.pop(config.VARIABLE, None)
    assert main(["cases", "--config", str(tmp_path / "client.toml")]) == 3
    assert "again later" in capsys.readouterr().err


@pytest.mark.parametrize(
    "address", ["http://gateway.example.org", "ftp://localhost", "localhost", ""]
)
def test_nothing_is_sent_in_the_open(address: str) -> None:
    with pytest.raises(UnsafeSettings):
        Sender(address)


def test_a_sender_stays_at_its_gateway() -> None:
    sender = Sender("https://gateway.example.org")
    for url in ("https://gateway.example.org.evil.example/x", "https://elsewhere.example.org/"):
        with pytest.raises(Unavailable, match="not at the configured gateway"):
            sender("GET", url, {}, None)


# --- keys and configuration -----------------------------------------------------------------------


def test_new_keys_are_for_the_agency_alone_and_read_out_by_telephone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "mine"
    assert main(["keys", "new", str(folder), "--agency", AGENCY]) == 0
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == {
        "signing.jwk": 0o600,
        "encryption.jwk": 0o600,
        "secret.key": 0o600,
        "witness.key": 0o600,
        "public.jwks.json": 0o644,
    }
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    public = json.loads((folder / "public.jwks.json").read_text())
    shown = capsys.readouterr().out.replace(" ", "")
    assert public.keys() == {"keys"}
    for jwk in public["keys"]:
        jose.check_key(jwk, jwk["use"])
        assert jose.thumbprint(jwk) in shown
    assert "d" not in public["keys"][0]


def test_keys_are_never_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    config.new_keys(folder, AGENCY)
    before = (folder / "signing.jwk").read_bytes()
    assert main(["keys", "new", str(folder), "--agency", AGENCY]) == 4
    assert (folder / "signing.jwk").read_bytes() == before


@pytest.mark.parametrize("agency", ["", "A", "a b", "../a", "a" * 65, "1a"])
def test_an_agency_id_has_one_form(tmp_path: Path, agency: str) -> None:
    assert main(["keys", "new", str(tmp_path / "x"), "--agency", agency]) == 4
    assert not (tmp_path / "x").exists()


NEEDED = ["signing.jwk", "encryption.jwk", "secret.key"]
LATER = ["witness.key", "log.key"]  # a folder may lack them


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        *product(NEEDED, ["open", "damaged", "missing"]),
        *product(LATER, ["open", "damaged"]),
    ],
)
def test_keys_that_are_not_in_order_are_not_used(tmp_path: Path, name: str, fault: str) -> None:
    folder = tmp_path / "mine"
    config.new_keys(folder, AGENCY)
    config.keep_log_key(folder, jose.b64u(bytes(32)))
    if fault == "open":
        (folder / name).chmod(0o640)
    elif fault == "damaged":
        (folder / name).write_text('{"kid": "!"}')
    else:
        (folder / name).unlink()
    with pytest.raises(UnsafeSettings):
        config.load_keys(folder)


def test_keys_do_not_show_themselves(keys: config.AgencyKeys, tmp_path: Path) -> None:
    secret = (tmp_path / "keys" / "secret.key").read_text().strip()
    private = json.loads((tmp_path / "keys" / "signing.jwk").read_text())["d"]
    assert secret not in repr(keys)
    assert private not in repr(keys)
    assert repr(keys.secret) not in repr(keys)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[",
        'base_url = "https://a.example"\nagency = "a"',
        'base_url = "https://a.example"\nagency = "a"\nkeys = "k"\nother = "x"',
        'base_url = "https://a.example"\nagency = 5\nkeys = "k"',
        'base_url = "a.example"\nagency = "a"\nkeys = "k"',
        'base_url = "https://a.example"\nagency = "a"\nkeys = "k"\nolder_keys = "old"',
        'base_url = "https://a.example"\nagency = "a"\nkeys = "k"\nolder_keys = [1]',
    ],
)
def test_a_configuration_is_complete_or_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "c.toml").write_text(text)
    with pytest.raises(UnsafeSettings):
        config.load(tmp_path / "c.toml")


def test_paths_of_a_configuration_are_relative_to_it(tmp_path: Path) -> None:
    text = 'base_url = "https://a.example/"\nagency = "a"\nkeys = "k"\nworker = "w"\nca = "ca.pem"'
    (tmp_path / "c.toml").write_text(text)
    read = config.load(tmp_path / "c.toml")
    assert read == config.Config("https://a.example", "a", tmp_path / "k", "w", tmp_path / "ca.pem")


# --- checking a form without a gateway ----------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "pointers"),
    [
        (b"", {""}),
        (b"[]", {"/form"}),
        (b'{"form":"referral/1"}', {"/form"}),
        (b'{"form":"referral/1","document":{},"x":1}', {""}),
        (b'{"form":"other/1","document":{}}', {""}),
        (b'{"form":"referral/1","document":{},"form":"referral/1"}', {""}),
    ],
)
def test_check_says_what_is_wrong_and_where(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, pointers: set[str]
) -> None:
    (tmp_path / "form.json").write_bytes(content)
    assert main(["check", str(tmp_path / "form.json")]) == 2
    shown = capsys.readouterr().err.splitlines()[1:]
    assert {line.strip().partition(":")[0].rstrip("/") for line in shown} == pointers


def test_check_looks_into_sealed_sections_and_compares_them_with_the_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    victim = {"contact": {"absent": "UNKNOWN"}, "address_classification": "REFUGE"}
    form = {"form": "referral/1", "document": {"victim": victim}, "sealed": {"x": {}}}
    form["sealed"] = {"safe_contact": {"channels": []}, "other": {}}
    (tmp_path / "form.json").write_text(json.dumps(form))
    assert main(["check", str(tmp_path / "form.json")]) == 2
    shown = capsys.readouterr().err
    assert "/sealed/safe_contact/channels: too_short" in shown
    assert "/sealed/protected_address: needed_here" in shown
    assert "/sealed/safe_contact: not_both" in shown
    assert "/sealed: unknown_field" in shown
    assert "/referrer: missing" in shown


def test_check_never_repeats_a_value(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    form = {"form": "referral/1", "document": {"victim": {"dob": "ZEBRA"}, "ZEBRA": "ZEBRA"}}
    (tmp_path / "form.json").write_text(json.dumps(form))
    main(["check", str(tmp_path / "form.json")])
    assert "ZEBRA" not in capsys.readouterr().err


def test_the_client_loads_no_server() -> None:
    script = "import sys, gateway.client.commands; print(*{m.split('.')[0] for m in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    server = {"flask", "werkzeug", "sqlalchemy", "alembic", "authlib", "jinja2", "click", "typst"}
    assert not server & set(done.stdout.split())


def test_check_without_a_file(tmp_path: Path) -> None:
    assert main(["check", str(tmp_path / "none.json")]) == 2
