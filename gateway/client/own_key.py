"""Owns a worker's own key on the worker's machine: made here, read here, and never sent."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from gateway.client.config import AgencyKeys
from gateway.errors import Undecipherable, UnsafeSettings
from gateway.sealing import jose

FILE = "own.{worker}.jwk"


def make(folder: Path, worker: str) -> dict[str, Any]:
    """Make a worker's own key, readable by its owner alone; the public part to register.

    :raises UnsafeSettings: if there is one already; nothing is overwritten.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    private = jose.new_private("enc")
    path = folder / FILE.format(worker=worker)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(json.dumps(private, indent=1))
    except FileExistsError:
        raise UnsafeSettings("The worker has a key already; nothing was changed.") from None
    return {name: private[name] for name in ("kty", "crv", "x", "y")}


def with_own(keys: AgencyKeys, folder: Path, worker: str) -> AgencyKeys:
    """Return an agency's keys with the worker's own, by which it opens what no colleague may.

    :raises UnsafeSettings: if there is none, or it is damaged.
    """
    try:
        private = json.loads((folder / FILE.format(worker=worker)).read_text("utf-8"))
        kid, key = jose.thumbprint(private), jose.import_private(private, "enc")
    except (OSError, ValueError, KeyError, TypeError, Undecipherable):
        raise UnsafeSettings("There is no readable key of this worker.") from None
    return replace(keys, older={**keys.older, kid: key})
