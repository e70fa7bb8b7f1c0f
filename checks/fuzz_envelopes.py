"""Fuzzes the parser of envelopes for a bounded time: `checks/fuzz_envelopes.py SECONDS`.

atheris lies in the environment of the security tools; everything else is the service's own, in the
versions that it is locked to. The corpus begins with real envelopes and is made anew each time.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
# Behind the service's own packages, so that only what these lack is taken from there.
sys.path += map(str, (ROOT / ".venv-security").glob("lib/python3*/site-packages"))

import atheris  # noqa: E402

with atheris.instrument_imports(include=["gateway", "joserfc"]):
    from checks import fuzzing

from checks.spoiling import spoil  # noqa: E402

NAMES = tuple(fuzzing.WAYS)
JSON = frozenset({"claims", "document"})
LARGEST = 1 << 16  # bytes; larger ones are a matter of limits, which have tests


def try_one(data: bytes) -> None:
    """Send some bytes one way in; the first byte says which."""
    if data:
        fuzzing.is_refused(NAMES[data[0] % len(NAMES)], data[1:])


def mutate(data: bytes, most: int, seed: int) -> bytes:
    """Change the input: half of what is JSON at one of its places, the rest by bytes."""
    if seed % 2 and data and NAMES[data[0] % len(NAMES)] in JSON:
        changed = spoil(data[1:], seed)
        if changed is not None and len(changed) < most:
            return data[:1] + changed
    mutated: bytes = atheris.Mutate(data, most)
    return mutated


def main() -> None:
    """Run until the time is over; libFuzzer ends the process, with 77 for a finding."""
    seconds = int(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        for number, name in enumerate(NAMES):
            for index, seed in enumerate(fuzzing.seeds()[name]):
                assert not fuzzing.is_refused(name, seed), name  # noqa: S101 - else it fuzzes air
                (Path(folder) / f"{name}-{index}").write_bytes(bytes([number]) + seed)
        found = ROOT / "build" / "found"
        found.mkdir(parents=True, exist_ok=True)
        options = [f"-max_total_time={seconds}", f"-max_len={LARGEST}", "-print_final_stats=1"]
        arguments = [sys.argv[0], *options, f"-artifact_prefix={found}/", folder]
        atheris.Setup(arguments, try_one, custom_mutator=mutate)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
