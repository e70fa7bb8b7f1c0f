"""Owns `gateway serve`: the service on gunicorn, with settings from the environment."""

from __future__ import annotations

import os
import sys

import click

from gateway.cli.office import Office


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
    """The options of gunicorn that the service is tested with; the rest lies in cli.server."""
    settings = "python:gateway.cli.server"
    return ["--config", settings, "--bind", bind, "--workers", str(workers)]
