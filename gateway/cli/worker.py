"""Owns `gateway worker`: looks twice a minute whether somebody has to be told of something."""

from __future__ import annotations

import signal
import threading

import click

from gateway.cli.mail import Sender
from gateway.cli.office import Office, failing_plainly
from gateway.flows.notices import Rounds
from gateway.profiles.loader import Profiles
from gateway.sealing.held import Held


@click.command("worker")
@click.option("--once", is_flag=True, help="Look once, and end.")
@click.pass_obj
def worker(office: Office, *, once: bool) -> None:
    """Tell duty contacts of what is new, and climb the ladder of what nobody has read.

    Several may run: each thing is told at least once, and kept once. Without GATEWAY_SMTP nothing
    is sent; the ladder is climbed and logged all the same.
    """
    with failing_plainly():
        rounds = rounds_of(office)
        if once:
            done = rounds.look()
            told = f"told higher: {done.climbed}, sent: {done.sent}, to try again: {done.failed}"
            click.echo(told)
            return
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    rounds.go_on(ended)


def rounds_of(office: Office) -> Rounds:
    """The worker of these settings. Keys are exchanged while it runs: each round reads anew."""
    settings = office.settings
    held = Held(settings.keys, settings.token)
    send = Sender(settings.mail, settings.base_url) if settings.mail else None
    profiles = Profiles.load(settings.profiles)
    return Rounds(office.sessions, held.at, profiles, office.clock, send)
