"""Owns what every command shares: settings, the connection, and files for their owner alone."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.client import config
from gateway.client.gateway import Gateway
from gateway.client.http import Sender
from gateway.errors import UnsafeSettings


def online(
    parser: argparse.ArgumentParser, run: Callable[[argparse.Namespace], None]
) -> argparse.ArgumentParser:
    hint = f"settings; else ${config.VARIABLE}, else ./{config.DEFAULT}"
    parser.add_argument("--config", type=Path, metavar="FILE", help=hint)
    parser.set_defaults(run=run)
    return parser


@contextmanager
def connected(given: argparse.Namespace) -> Iterator[Gateway]:
    settings = config.load(given.config)
    keys = config.load_keys(settings.keys, settings.older_keys)
    sender = Sender(settings.base_url, ca=settings.ca)
    try:
        yield Gateway(
            sender,
            base_url=settings.base_url,
            agency_id=settings.agency,
            keys=keys,
            worker=settings.worker,
        )
    finally:
        sender.close()


def write_private(path: Path, text: str | bytes) -> None:
    """Write a file that only its owner reads, replacing an older one."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError:
        raise UnsafeSettings("The file cannot be written.") from None
    with os.fdopen(handle, "wb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(text if isinstance(text, bytes) else f"{text}\n".encode())
