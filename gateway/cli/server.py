"""Owns how gunicorn serves: its settings (`--config python:gateway.cli.server`), TLS 1.3 alone,
and the flags that a production service does not start with.

The plain names are settings of gunicorn. There is no access log: paths tell cases.
"""

from __future__ import annotations

import gc
import os
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from gateway.host import is_open_to

worker_class = "gthread"
workers = 2
threads = 4
preload_app = True
# Longer than a partner, or nginx in front, keeps an idle connection: it closes first, and no
# request meets a connection that we are closing.
keepalive = 75
limit_request_line = 2048
limit_request_field_size = 8190
forwarded_allow_ips = ""  # who calls and how is never taken from a header
loglevel = "warning"
umask = 0o007  # of a Unix socket: for a proxy in the service's group, and for nobody else
control_socket_disable = True  # else whoever is the same user can steer the service through it

# Settings that must stay as they are given here, whatever a command line or GUNICORN_CMD_ARGS says.
_FIXED: dict[str, object] = {
    "accesslog": None,
    "logconfig": None,  # each of these four brings an access log, too
    "logconfig_json": None,
    "logconfig_dict": {},
    "syslog": False,
    "statsd_host": None,
    "reload": False,
    "spew": False,
    "proxy_protocol": "off",
    "forwarded_allow_ips": [],
    # Else a header could be read as another one, or a request in two ways (smuggling).
    "header_map": "drop",
    "forwarder_headers": ["SCRIPT_NAME", "PATH_INFO"],
    "strip_header_spaces": False,
    "permit_obsolete_folding": False,
    "permit_unconventional_http_method": False,
    "permit_unconventional_http_version": False,
    "casefold_http_method": False,
    "http2_cleartext": "off",
    "control_socket_disable": True,
}


def ssl_context(_config: object, default: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    """Speak TLS 1.3 and nothing older: every suite of it is sound, and partners are few."""
    context = default()
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


def on_starting(server: Any) -> None:
    """End a production service that was given an unsafe flag."""
    _end_if(_faults(server.cfg))


def when_ready(server: Any) -> None:
    """End a production service that would speak without TLS to more than this machine."""
    if not server.cfg.is_ssl and any(map(_is_reached_from_outside, server.LISTENERS)):
        _end_if(["without --certfile and --keyfile it listens to this machine alone"])
    settle()


def settle() -> None:
    """Tell the collector of garbage what it is to leave alone, before workers are forked.

    What was loaded is none: passed over, its memory stays shared by all workers. And a request
    makes some ten thousand objects that are gone with it: to look for rings among them after every
    seven hundred took a twentieth of its time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


def post_worker_init(worker: Any) -> None:
    """Let a worker, once it was forked, sequence the log without being asked."""
    for house in _houses(worker):
        house.sequencer.start()


def worker_exit(_server: object, worker: Any) -> None:
    """Let it end in order; a worker that is killed leaves its batch to the others."""
    for house in _houses(worker):
        house.sequencer.stop()


def _houses(worker: Any) -> Iterator[Any]:
    """The house of a worker's application; none if the worker ended before it was up."""
    application = getattr(worker, "wsgi", None)
    found = application.extensions.get("gateway") if application is not None else None
    if found is not None:  # the bench serves another application with these settings
        yield found


def _faults(config: Any) -> Iterator[str]:
    for name, wanted in _FIXED.items():
        if getattr(config, name) != wanted:
            yield f"gunicorn's {name} is fixed"
    if config.loglevel.lower() == "debug":
        yield "gunicorn's loglevel must not be debug"
    if config.keyfile and is_open_to(Path(config.keyfile), 0o007):
        yield "the file of --keyfile is readable by everybody"


def _is_reached_from_outside(listener: socket.socket) -> bool:
    if listener.family == socket.AF_UNIX:
        return False
    return not ip_address(listener.getsockname()[0]).is_loopback


def _end_if(faults: Iterator[str] | list[str]) -> None:
    found = list(faults)
    if found and os.environ.get("GATEWAY_MODE") != "demo":
        sys.stderr.write(f"Error: Not safe in production: {'; '.join(found)}.\n")
        sys.exit(1)
