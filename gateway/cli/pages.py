"""Owns `gateway docs`: the generated pages, written where they are compared."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click

from gateway.cli import docs as pages
from gateway.cli.conformance import conformance_page
from gateway.cli.faults import faults_page
from gateway.cli.matrix_sheet import matrix_csv, matrix_html
from gateway.profiles.loader import Profiles


@click.command("docs")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("docs"),
    show_default=True,
    help="Where the pages go.",
)
@click.pass_obj
def docs(openapi: Callable[[], str], folder: Path) -> None:
    """Write the generated pages: states, need-to-know, data map, conformance, faults, openapi."""
    profiles = Profiles.load()
    profile = profiles.for_area(profiles.areas[0], datetime.now(UTC).date())
    written = {
        "states.md": pages.states_page(),
        "need-to-know.md": pages.matrix_page(profile),
        "need-to-know.html": matrix_html(profile),
        "need-to-know.csv": matrix_csv(profile),
        "data-map.md": pages.data_map_page(profile),
        "openapi.json": openapi(),
    }
    # These name tests, so their tables lie with the source and not in the package.
    for name, page in (("conformance", conformance_page), ("faults", faults_page)):
        table = folder / f"{name}.toml"
        if table.exists():
            written[f"{name}.md"] = page(tomllib.loads(table.read_text(encoding="utf-8")))
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in written.items():
        (folder / name).write_text(text, encoding="utf-8")
        print(f"{folder / name}")
