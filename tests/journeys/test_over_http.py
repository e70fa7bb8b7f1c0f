"""The service as it is run: gunicorn, two workers, real HTTP, on both databases."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from gateway import ledger
from gateway.client.access import ProblemError
from gateway.client.gateway import Gateway
from gateway.client.http import Response, Sender
from gateway.flows import agencies
from gateway.store import tables as t
from tests.database import fresh
from tests.doors.test_paths import DOTS, SLASHES
from tests.journeys.world import example, graded, lines, position
from tests.live import Service, now, running

LANDLORD, IDVA, COORDINATOR = "harbourgate-homes", "marlbury-idva", "marlbury-marac"
POLICE, GP = "marlbury-police", "marlbury-gp"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    folder: Path = tmp_path_factory.mktemp("service")
    with fresh(request, folder) as url, running(url, folder) as made:
        yield made


def test_C1_from_referral_to_agenda_over_http(service: Service) -> None:
    landlord = service.client(LANDLORD, "homes-01")
    idva, coordinator = service.client(IDVA, "idva-01"), service.client(COORDINATOR, "marac-01")
    receipt = landlord.refer(example("c1"))
    ref = receipt.reference
    assert (receipt.claims["level"], receipt.claims["decision"]["rule"]) == ("HIGH", "R5a")
    assert receipt.claims["routed"] == ["COORDINATOR", "IDVA"]
    assert receipt.claims["log"]["checkpoint"].startswith("marac-gateway/")
    assert ref in {item["reference"] for item in idva.list_cases()["items"]}
    pulled = idva.pull(ref, "P2")
    assert "safe_contact" in pulled.sealed
    idva.acknowledge(ref, "ACCEPTED")
    coordinator.decide(ref, {"decision": "ACCEPT"})
    starts = (now() + timedelta(days=14)).strftime("%Y-%m-%dT09:30:00Z")
    conference = coordinator.create_conference(
        {"area": "MARLBURY", "starts_at": starts, "attendees": [POLICE, GP, IDVA]}
    )["conference"]
    assert GP not in coordinator.list_case(conference, ref)["asked"]
    (line,) = lines(coordinator, conference)
    assert (line["reference"], line["minutes"], line["idva"]) == (ref, 12, "ACCEPTED")
    page = coordinator.agenda(conference, form="html")
    assert isinstance(page, str)
    assert "12 Tern Court" not in page
    assert landlord.referral(ref)["status"] == "LISTED"
    with pytest.raises(ProblemError) as problem:
        service.client(GP).pull(ref, "P1")
    assert problem.value.status == 404
    events = [each["event"] for each in coordinator.access(ref)["entries"]]
    assert events[0] == "referral.submit"
    assert ledger.verify(service.sessions, service.keys, deep=True)


def test_C5_agreement_taken_back_over_http(service: Service) -> None:
    hospital, idva = service.client("marlbury-hospital"), service.client(IDVA)
    receipt = hospital.refer(example("c5"))
    assert next(iter(receipt.claims)) == "urgent"
    police = service.client(POLICE)
    assert police.pull(receipt.reference, "P1").document["sections"]
    today = now().date().isoformat()
    idva.record_position(receipt.reference, position("WITHDRAWN", withdrawn_on=today))
    assert police.pull(receipt.reference, "P1").document["sections"]  # life is in danger


def test_F50_withdrawal_holds_in_every_worker_at_once(service: Service) -> None:
    landlord = service.client(LANDLORD)
    ref = landlord.refer(graded(12)).reference
    readers = [service.client(IDVA) for _ in range(6)]  # connections spread over the workers
    for reader in readers:
        assert reader.pull(ref, "P2").document["sections"]
    today = now().date().isoformat()
    landlord.record_position(ref, position("WITHDRAWN", withdrawn_on=today))
    for reader in readers:
        with pytest.raises(ProblemError) as problem:
            reader.pull(ref, "P2")
        assert problem.value.status == 404


def test_F5_suspension_holds_in_every_worker_at_once(service: Service) -> None:
    readers = [service.client("aster-women") for _ in range(4)]
    for reader in readers:
        reader.list_cases()
    with ledger.begin(service.sessions, service.keys, ledger.OPERATOR, now()) as work:
        agencies.suspend(work, agency_id="aster-women")
    for reader in readers:
        with pytest.raises(ProblemError) as problem:
            reader.list_cases()
        assert problem.value.status == 401


def test_a_proof_is_used_up_for_all_workers(service: Service) -> None:
    """The store of used proofs is shared: the same request sent eight times passes once."""
    sent: list[tuple[str, str, dict[str, str], bytes | None]] = []
    sender = Sender(service.base_url)

    def note(method: str, url: str, headers: Any, body: bytes | None) -> Response:
        sent.append((method, url, dict(headers), body))
        return sender(method, url, headers, body)

    service.speak(IDVA, note).list_cases()
    # The checkpoint that came back may have been asked about since.
    method, url, headers, body = next(each for each in sent if each[1].endswith("/v1/cases"))
    statuses = []
    for _ in range(8):
        again = Sender(service.base_url)
        statuses.append(again(method, url, headers, body).status)
        again.close()
    sender.close()
    assert set(statuses) == {401}


def test_F97_eight_writers_over_http_and_nothing_is_lost(service: Service) -> None:
    before = service.client(IDVA)
    cursor = None
    while (page := before.list_cases(cursor))["items"]:
        cursor = page["next"]
    sent: list[str] = []
    failed: list[BaseException] = []

    def write(client: Gateway) -> None:
        try:
            for _ in range(3):
                sent.append(client.refer(example("minimal")).reference)
        except BaseException as error:
            failed.append(error)

    clients = [service.client(LANDLORD) for _ in range(8)]
    threads = [threading.Thread(target=write, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    seen: list[str] = []
    while (page := before.list_cases(cursor))["items"]:
        seen += [item["reference"] for item in page["items"]]
        cursor = page["next"]
    assert sorted(seen) == sorted(sent)
    assert len(sent) == len(set(sent)) == 24


def test_V18_nothing_of_a_path_or_person_is_written_by_the_server(service: Service) -> None:
    """gunicorn keeps no access log: a path holds a reference, which tells of a case."""
    with service.behind() as session:
        references = [str(row[0]) for row in session.execute(select(t.referral.c.reference))]
    assert references
    said = (service.folder / "log").read_text()
    for word in (*references, "Elena", "Keira", "/v1/"):
        assert word not in said


@pytest.mark.parametrize("length", ["-1", "abc", "99999999999"])
def test_a_body_of_strange_length_harms_nobody(service: Service, length: str) -> None:
    host, port = service.base_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as raw:
        head = f"POST /v1/referrals HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n"
        raw.sendall(head.encode())
        raw.shutdown(socket.SHUT_WR)
        first = raw.recv(100)
    assert first == b"" or first.split()[1] in (b"400", b"401", b"413")
    assert service.client(IDVA).list_cases()["items"]


def raw(service: Service, line: str) -> tuple[int, bytes]:
    """Send a request line as it is, which no client library would."""
    parts = urlsplit(service.base_url)
    with socket.create_connection((parts.hostname or "", parts.port or 80), 10) as to:
        request = f"{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        to.sendall(request.encode("utf-8", "surrogateescape"))
        received = b""
        while part := to.recv(65536):
            received += part
    found = re.match(rb"HTTP/1\.1 (\d{3})", received)
    assert found, received[:200]
    return int(found[1]), received


@pytest.mark.parametrize("start", ["/static/", "/schemas/", "/v1/cases/"])
def test_V30_gunicorn_leads_nowhere_either(service: Service, start: str) -> None:
    for dots, slash in product(DOTS, SLASHES):
        if " " in dots:
            continue
        status, received = raw(service, f"GET {start}{slash.join([dots] * 4)}{slash}etc/passwd")
        assert status in (400, 401, 404), (dots, slash)
        assert b"root:" not in received
    status, received = raw(service, f"GET http://elsewhere.example{start}x")
    assert status in (400, 401, 404)
    assert b"elsewhere.example" not in received
