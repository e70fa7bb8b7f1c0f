"""TLS 1.3 and nothing older, by gunicorn itself and by nginx in front, as docs/operate.md says."""

from __future__ import annotations

import json
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.app import MAX_BODY
from gateway.client.access import ProblemError
from tests import needs
from tests.host import certificates
from tests.host.planted import a_form
from tests.host.running import ROOT, Running, a_port, running

LANDLORD, IDVA = "harbourgate-homes", "marlbury-idva"
SITE = ROOT / "docs" / "examples" / "gateway.nginx.conf"
NGINX = pytest.mark.needs("nginx")


@dataclass(frozen=True)
class Front:
    """What partners connect to, and the folder of whoever speaks TLS there."""

    service: Running
    port: int
    folder: Path
    chain: Path


@pytest.fixture(scope="module")
def gunicorn(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """The gateway with a certificate of its own."""
    folder = tmp_path_factory.mktemp("gunicorn")
    port = a_port()
    ca, chain, key = certificates.make(folder)
    with running(
        _database(sqlite_template, folder),
        folder,
        base_url=f"https://localhost:{port}",
        bind=f"127.0.0.1:{port}",
        arguments=["--certfile", str(chain), "--keyfile", str(key)],
        ca=ca,
    ) as service:
        service.wait()
        yield Front(service, port, folder, chain)


@pytest.fixture(scope="module")
def nginx(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """The gateway behind nginx with the site that we publish."""
    folder = tmp_path_factory.mktemp("gateway")
    front = tmp_path_factory.mktemp("nginx")
    port, inner = a_port(), a_port()
    ca, chain, _ = certificates.make(front)
    with (
        running(
            _database(sqlite_template, folder),
            folder,
            base_url=f"https://localhost:{port}",
            bind=f"127.0.0.1:{inner}",
            ca=ca,
        ) as service,
        proxying(front, port, inner),
    ):
        service.wait()
        yield Front(service, port, front, chain)


FRONTS = [
    pytest.param("gunicorn", id="gunicorn"),
    pytest.param("nginx", id="nginx", marks=NGINX),
]


@pytest.fixture(params=FRONTS)
def front(request: pytest.FixtureRequest) -> Front:
    found: Front = request.getfixturevalue(request.param)
    return found


def _database(template: Path, folder: Path) -> str:
    return f"sqlite:///{shutil.copy(template, folder / 'gateway.db')}"


def site(folder: Path, port: int, inner: int) -> str:
    """The published site, with our ports and paths in the place of the example's."""
    text = SITE.read_text()
    for theirs, ours in (
        ("server 127.0.0.1:8000;", f"server 127.0.0.1:{inner};"),
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("server_name gateway.example;", "server_name localhost;"),
        ("Host $host;", "Host gateway.example;"),  # a name that is not this machine's
        ("/etc/ssl/gateway/", f"{folder}/"),
        ("/var/log/nginx/", f"{folder}/"),
    ):
        assert theirs in text
        text = text.replace(theirs, ours)
    return text


MAIN = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/main.log warn;
events {{ }}
http {{
    client_body_temp_path {folder}/spool-body;
    proxy_temp_path {folder}/spool-proxy;
    fastcgi_temp_path {folder}/spool-fastcgi;
    uwsgi_temp_path {folder}/spool-uwsgi;
    scgi_temp_path {folder}/spool-scgi;
    include {folder}/site.conf;
}}
"""


@contextmanager
def proxying(folder: Path, port: int, inner: int) -> Iterator[None]:
    (folder / "site.conf").write_text(site(folder, port, inner))
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder))
    program = needs.nginx()
    assert program
    process = subprocess.Popen([program, "-e", "main.log", "-p", folder, "-c", "nginx.conf"])
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


# --- who may connect ----------------------------------------------------------------------------


def greet(front: Front, version: ssl.TLSVersion, name: str = "localhost") -> str | None:
    """The version agreed on by a client that speaks this one alone."""
    context = ssl.create_default_context(cafile=str(front.service.ca))
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.maximum_version = version
    context.set_ciphers("ALL:@SECLEVEL=0")
    raw = socket.create_connection(("127.0.0.1", front.port), timeout=10)
    with closing(raw), context.wrap_socket(raw, server_hostname=name) as line:
        return line.version()


def test_TLS_1_3_is_spoken_and_nothing_older(front: Front) -> None:
    assert greet(front, ssl.TLSVersion.TLSv1_3) == "TLSv1.3"
    with pytest.raises((ssl.SSLError, ConnectionError)):
        greet(front, ssl.TLSVersion.TLSv1_2)


@NGINX
def test_another_name_is_not_even_shown_a_certificate(nginx: Front) -> None:
    with pytest.raises(ssl.SSLError, match=r"(?i)unrecognized.name"):
        greet(nginx, ssl.TLSVersion.TLSv1_3, "elsewhere.example")


def test_a_client_that_does_not_know_the_authority_does_not_talk(front: Front) -> None:
    context = ssl.create_default_context()
    with (
        closing(socket.create_connection(("127.0.0.1", front.port), timeout=10)) as raw,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        context.wrap_socket(raw, server_hostname="localhost")


SUITES = {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}
OLDER = ("ssl_2_0", "ssl_3_0", "tls_1_0", "tls_1_1", "tls_1_2")


# gunicorn cannot be told which groups to offer; both of these are sound.
BEYOND_MODERN = {"gunicorn": {"secp521r1", "X448"}, "nginx": set()}


@pytest.mark.needs("security")
def test_an_independent_scanner_agrees(
    front: Front, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """sslyze finds three suites of TLS 1.3 alone, and holds it against Mozilla's `modern`."""
    report = tmp_path / "report.json"
    options = ["--mozilla_config", "modern", "--json_out", report, f"localhost:{front.port}"]
    scanned = subprocess.run(
        [needs.security("sslyze"), *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    (server,) = json.loads(report.read_text())["server_scan_results"]
    result = server["scan_result"]
    for version in OLDER:
        assert result[f"{version}_cipher_suites"]["result"]["accepted_cipher_suites"] == []
    accepted = result["tls_1_3_cipher_suites"]["result"]["accepted_cipher_suites"]
    assert {each["cipher_suite"]["name"] for each in accepted} == SUITES
    said = scanned.stdout[scanned.stdout.index("COMPLIANCE AGAINST") :]
    faults = dict(re.findall(r"^ +\* (\w+): (.*)", said, re.MULTILINE))
    beyond = BEYOND_MODERN[request.node.callspec.params["front"]]
    assert set(re.findall(r"'(\w+)'", faults.pop("tls_curves", ""))) == beyond
    assert faults.keys() == {"certificate_path_validation"}  # the authority is invented


# --- what passes through ----------------------------------------------------------------------


def test_a_referral_and_a_pull_over_TLS(front: Front) -> None:
    """Each proof of possession names the public address, which the gateway was told once."""
    reference = front.service.client(LANDLORD).refer(a_form()).reference
    assert front.service.client(IDVA).pull(reference, "P2").document["sections"]


FORGED = {
    "Forwarded": "for=10.0.0.1;host=elsewhere.example;proto=http",
    "X-Forwarded-For": "10.0.0.1",
    "X-Forwarded-Host": "elsewhere.example",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Ssl": "off",
    "X-Forwarded-Prefix": "/elsewhere",
    "Client-Cert": ":AAAA:",
    "Script-Name": "/elsewhere",
    "X-Real-Ip": "10.0.0.1",
}


def test_what_headers_claim_of_address_and_client_changes_nothing(front: Front) -> None:
    send, base = front.service.sender(), front.service.base_url
    for path in ("/.well-known/oauth-authorization-server", "/v1/cases", "/no/such"):
        usual = send("GET", f"{base}{path}", {}, None)
        forged = send("GET", f"{base}{path}", FORGED, None)
        assert forged.status == usual.status
        assert _lasting(forged.body) == _lasting(usual.body)
        for answer in (usual, forged):
            assert b"elsewhere" not in answer.body
            assert answer.headers["strict-transport-security"] == "max-age=63072000"
            assert not re.search(r"\d", answer.headers.get("server", ""))


def _lasting(body: bytes) -> str:
    return re.sub(r"urn:uuid:[0-9a-f-]+", "", body.decode())


PATHS = {
    "//v1/cases": 401,  # a second slash in front names nothing else
    "/v1//cases": 404,
    "/v1/../.well-known/jwks.json": 404,
    "/v1/%2e%2e/.well-known/jwks.json": 404,
    "/v1/%252e%252e/.well-known/jwks.json": 404,
    "/.well-known%252fjwks.json": 404,
    "/.well-known/jwks.json/": 404,
    "/.well-known/jwks.json%00": 404,
    "/.well-known/./jwks.json": 404,
    "/.well-known;x/jwks.json": 404,
    "/v1/cases/..%2f..%2f.well-known%2fjwks.json": 404,
}


@pytest.mark.parametrize("path", PATHS)
def test_V30_a_path_means_the_same_to_proxy_and_gateway(front: Front, path: str) -> None:
    """No door opens to dots, double slashes or codes that one of the two makes plain."""
    answer = front.service.sender()("GET", f"{front.service.base_url}{path}", {}, None)
    assert answer.status in (PATHS[path], 400)  # nginx refuses a NUL itself


# --- what nginx keeps ---------------------------------------------------------------------------


@NGINX
def test_too_much_is_refused_by_nginx_and_nothing_is_spooled(nginx: Front) -> None:
    send, url = nginx.service.sender(), f"{nginx.service.base_url}/v1/referrals"
    assert "client_max_body_size 4m;" in SITE.read_text()
    assert MAX_BODY == 4 * 1024 * 1024
    assert send("POST", url, {}, b"x" * (MAX_BODY - 1)).status == 401
    assert send("POST", url, {}, b"x" * (MAX_BODY + 1)).status == 413
    spooled = [p for p in nginx.folder.rglob("spool-*/**/*") if p.is_file()]
    assert spooled == []


@NGINX
def test_T16_no_log_of_nginx_names_a_path(nginx: Front) -> None:
    client = nginx.service.client(IDVA)
    with pytest.raises(ProblemError):
        client.pull("AAAAA-AAAAA-A", "P2")
    logs = list(nginx.folder.glob("*.log"))
    assert {path.name for path in logs} >= {"gateway.log", "main.log"}
    for log in logs:
        assert "/v1/" not in log.read_text()


@NGINX
def test_T16_not_even_when_the_gateway_is_down(tmp_path: Path) -> None:
    port = a_port()
    ca, _, _ = certificates.make(tmp_path)
    with proxying(tmp_path, port, a_port()):
        context = ssl.create_default_context(cafile=str(ca))
        said = b""
        for _ in range(100):
            with (
                suppress(OSError),
                closing(socket.create_connection(("127.0.0.1", port), timeout=5)) as raw,
                context.wrap_socket(raw, server_hostname="localhost") as line,
            ):
                line.sendall(b"GET /v1/cases/AAAAA HTTP/1.1\r\nHost: localhost\r\n\r\n")
                said = line.recv(4096)
                break
            time.sleep(0.05)
    assert said.startswith(b"HTTP/1.1 502 ")
    assert b"Strict-Transport-Security: max-age=63072000" in said
    for log in tmp_path.glob("*.log"):
        assert "/v1/" not in log.read_text()
