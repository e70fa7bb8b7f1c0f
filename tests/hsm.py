"""A PKCS#11 token for tests: SoftHSM, each in a folder of its own."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.config import Token
from gateway.sealing import pkcs11

MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so")
CONF = "SOFTHSM2_CONF"


def a_token(folder: Path, label: str = "gateway") -> Token:
    """An empty token in the store that SOFTHSM2_CONF names."""
    pin, so_pin = secrets.token_hex(8), secrets.token_hex(8)
    words = ["--init-token", "--free", "--label", label, "--pin", pin, "--so-pin", so_pin]
    subprocess.run(["softhsm2-util", *words], check=True, capture_output=True)
    pin_file = folder / f"{label}.pin"
    pin_file.touch(0o600)
    pin_file.write_text(pin + "\n")
    return Token(Path(next(each for each in MODULES if Path(each).exists())), label, pin_file)


@pytest.fixture
def token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Token]:
    """A token that this process and whatever it starts can reach."""
    with reachable(tmp_path, monkeypatch) as made:
        yield made


@contextmanager
def reachable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Token]:
    """The same, while the block lasts."""
    (tmp_path / "tokens").mkdir()
    conf = tmp_path / "softhsm2.conf"
    conf.write_text(f"directories.tokendir = {tmp_path / 'tokens'}\nlog.level = ERROR\n")
    pkcs11.release()  # the module reads its settings when it starts
    monkeypatch.setenv(CONF, str(conf))
    yield a_token(tmp_path)
    pkcs11.release()
