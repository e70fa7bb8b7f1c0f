"""Owns `gateway serve`: the service on gunicorn, with settings from the environment."""

from __future__ import annotations

import os
import sys

import click

from gateway.cli.office import Office

THREADS = 4


@click.command("serve")
@click.option("--bind", default="127.0.0.1:8000", show_default=True, help="Address and port.")
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64))
@click.option("--certfile", type=click.Path(exists=True, dir_okay=False), help="TLS certificate.")
@click.option("--keyfile", type=click.Path(exists=True, dir_okay=False), help="TLS key.")
@click.pass_obj
def serve(
    office: Office, bind: str, workers: int, certfile: str | None, keyfile: str | None
) -> None:
    """Run the service. `gunicorn wsgi:app` with the same environment is the same service."""
    _ = office.settings  # checked now, before anything is started
    command = [sys.executable, "-m", "gunicorn", *options(bind, workers)]
    if certfile and keyfile:
        command += ["--certfile", certfile, "--keyfile", keyfile]
    os.execv(sys.executable, [*command, "wsgi:app"])  # noqa: S606 - our own interpreter


def options(bind: str, workers: int) -> list[str]:
    """The options of gunicorn that the service is tested with; no access log: paths tell cases."""
    return [
        "--bind",
        bind,
        "--workers",
        str(workers),
        "--threads",
        str(THREADS),
        "--worker-class",
        "gthread",
        "--preload",
        # Longer than a partner, or nginx in front, keeps an idle connection: it closes first, and
        # no request meets a connection that we are closing.
        "--keep-alive",
        "75",
        "--max-requests-jitter",
        "0",
        "--limit-request-line",
        "2048",
        "--limit-request-field_size",
        "8190",
        "--forwarded-allow-ips",
        "",
        "--log-level",
        "warning",
    ]
