"""Owns `gateway demo`: the whole service with invented people, played and judged."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import click

from gateway.cli.office import failing_plainly
from gateway.client import config
from gateway.demo import (
    closing,
    copies,
    desk,
    emergency,
    expectations,
    forms,
    history,
    month,
    negatives,
    proof,
    service,
    stories,
    world,
)
from gateway.demo.forms import Forms
from gateway.demo.play import Stage
from gateway.demo.show import Show
from gateway.demo.stories import LANDLORD
from gateway.demo.wire import Wire
from gateway.desk.render import is_styled
from gateway.errors import GatewayError
from gateway.profiles.loader import Profiles

_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command("demo")
@click.option("--once", is_flag=True, help="Stop afterwards; exit code 0 if everything held.")
@click.option("--folder", type=_FOLDER, default=Path("demo-data"), show_default=True)
@click.option("--port", type=click.IntRange(1024, 65535), help="By default a free one.")
@click.option("--form-folder", type=_FOLDER, hidden=True)
def demo(once: bool, folder: Path, port: int | None, form_folder: Path | None) -> None:
    """Play referrals of invented people against the real service on this machine."""
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also where a shell ignores it
    began = time.monotonic()
    show = Show(click.echo)
    with failing_plainly():
        now = datetime.now(UTC)
        show.title("MARAC gateway: a demonstration. Everybody and everything in it is invented.")
        found = Forms(now.date(), form_folder)
        place = service.prepare(
            folder, port, on=now.date(), enrolled_at=history.enrolled_at(now.date())
        )
        profiles = Profiles.load(place.settings.profiles)
        stage = Stage(place, show, found, Wire(place.settings.base_url), profiles)
        agencies = f"those of {len(world.PARTNERS)} invented agencies"
        show.step(f"Database, keys, and {agencies} lie in {_near(place.folder)}.")
        history.play(stage)
        process = service.start(place)
        try:
            everything_held = _play(stage)
            show.text(f"{time.monotonic() - began:.0f} seconds in all.", indent="")
            if not once:
                _serve(stage, process)
        finally:
            stage.wire.close()
            service.stop(process)
    if once:
        sys.exit(0 if everything_held else 1)


def _play(stage: Stage) -> bool:
    """Play all cases over HTTP, then judge; whether everything that is owed held."""
    stage.show.title(f"Today: the service runs at {stage.place.settings.base_url}")
    stage.plan()
    chapters = (
        *stories.ALL,
        *negatives.ALL,
        *emergency.ALL,
        *month.ALL,
        *copies.ALL,
        *closing.ALL,
        *proof.ALL,
    )
    for chapter in chapters:
        try:
            chapter(stage)
        except (GatewayError, LookupError) as fault:  # its own rows fail; the others are played
            stage.show.step(f"STOPPED: {type(fault).__name__} {fault}")
    return expectations.report(expectations.judge(expectations.load(), stage.observed), stage.show)


def _serve(stage: Stage, process: subprocess.Popen[bytes]) -> None:
    """Go on serving until Ctrl-C, and say how to try it."""
    place, show = stage.place, stage.show
    program = Path(sys.argv[0]).with_name("gateway-client")
    typed = _near(program) if program.is_file() else program.name
    settings = _near(place.folder / config.DEFAULT)
    worker = service.start_worker(place)
    show.title("The service goes on. Stop it with Ctrl-C.")
    show.step("Look around the desk; each link signs in once, on this machine:")
    for whom, link in desk.links(place):
        show.text(f"as {whom}:")
        show.command(link)
    if not is_styled():
        show.text(
            "The style of the pages was not built, so they are plain. Let npm reach its registry"
            " and run: .venv/bin/python assets/build.py"
        )
    show.step("Read the documentation of the API:")
    show.command(f"{place.settings.base_url}/docs")
    show.step(f"Refer as {world.name_of(LANDLORD)}, in another terminal:")
    show.command(f"{typed} refer {_near(forms.folder() / 'c1.json')} --config {settings}")
    show.step("Every other agency has settings of its own:")
    show.command(f"{_near(place.agencies)}/*/{config.DEFAULT}")
    try:
        process.wait()
        raise click.ClickException("The service ended by itself; see service.log.")
    except KeyboardInterrupt:
        show.text("Stopped.", indent="")
    finally:
        service.stop(worker)


def _near(path: Path) -> str:
    """A path as short as it can be typed here."""
    return min(str(path), os.path.relpath(path), key=len)


def _leave(_signal: int, _frame: FrameType | None) -> None:
    """Being told to end, end in order: the service is a process of its own."""
    sys.exit(143)
