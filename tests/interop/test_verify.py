"""`gateway-verify` as an outsider runs it: one file, `cryptography`, and what HTTP answered."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gateway.client import verify
from gateway.demo.service import Place
from tests.interop.fuzzed import examples
from tests.interop.partner import Json, Partner

LANDLORD = "harbourgate-homes"

# Only what an installation of `cryptography` brings can be imported, and the standard library.
ALONE = """
import importlib.util, runpy, sys
class Guard:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in sys.stdlib_module_names | {"cryptography", "cffi", "_cffi_backend"}:
            raise ImportError("out of reach: " + top)
sys.meta_path.insert(0, Guard())
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@dataclass
class Outsider:
    """A folder with the one file, and what the service answered over HTTP."""

    folder: Path
    key: str
    log: Json  # of the receipt of a referral
    entry: Json
    new: Json
    growth: Json

    def run(self, command: str, *arguments: str, **files: Any) -> tuple[int, str]:
        """The exit code and what was printed; each file is written and named, in order."""
        paths = []
        for name, content in files.items():
            text = content if isinstance(content, str) else json.dumps(content)
            (self.folder / name).write_text(text, encoding="utf-8")
            paths.append(str(self.folder / name))
        program = [sys.executable, "-I", "-c", ALONE, str(self.folder / "verify.py"), command]
        done = subprocess.run(
            [*program, "--key", self.key, *paths, *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def outsider(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Outsider:
    base, folder = place.settings.base_url, tmp_path_factory.mktemp("outsider")
    landlord = Partner(base, LANDLORD, place.agencies / LANDLORD)
    c1 = examples()[0]
    landlord.get("/v1/log/checkpoint", "log:read")
    log = landlord.read_signed(landlord.refer(c1).text, "marac-receipt+jws")["log"]
    landlord.refer(c1)
    entry = landlord.get(f"/v1/log/entries?commit={log['commitment']}", "log:read")
    new = landlord.get("/v1/log/checkpoint", "log:read")
    old_size, new_size = (note.split("\n")[1] for note in (log["checkpoint"], new["checkpoint"]))
    assert 0 < int(old_size) < int(new_size)
    growth = landlord.get(f"/v1/log/entries?old={old_size}&new={new_size}", "log:read")
    (folder / "verify.py").write_bytes(Path(verify.__file__).read_bytes())
    [key] = new["verifiers"]
    return Outsider(folder, key, log, entry, new, growth)


def test_F73_one_file_verifies_what_the_service_answered(outsider: Outsider) -> None:
    o = outsider
    code, said = o.run("checkpoint", checkpoint=o.log["checkpoint"])
    assert code == verify.VERIFIED, said
    code, said = o.run("inclusion", "--commitment", o.log["commitment"], entry=o.entry)
    assert code == verify.VERIFIED, said
    assert said.startswith(f"entry {o.entry['index']} is in: marac-gateway/")
    code, said = o.run("consistency", old=o.log["checkpoint"], new=o.new, proof=o.growth)
    assert code == verify.VERIFIED, said
    assert "only added to" in said


def test_F73_one_file_refutes_what_was_changed_on_the_way(outsider: Outsider) -> None:
    o = outsider
    other = "A" * 43
    code, said = o.run("inclusion", "--commitment", other, entry=o.entry)
    assert (code, said.partition(":")[0]) == (verify.REFUTED, "NOT VERIFIED")
    moved = {**o.entry, "index": o.entry["index"] - 1}
    assert o.run("inclusion", entry=moved)[0] == verify.REFUTED
    forged = {**o.growth, "proof": [other, *o.growth["proof"][1:]]}
    assert o.run("consistency", old=o.log["checkpoint"], new=o.new, proof=forged)[0] == (
        verify.REFUTED
    )
    name, size, rest = o.new["checkpoint"].split("\n", 2)
    grown = "\n".join([name, str(int(size) + 1), rest])
    assert o.run("checkpoint", checkpoint=grown)[0] == verify.REFUTED


def test_nothing_but_cryptography_is_in_reach_of_the_file(outsider: Outsider) -> None:
    (outsider.folder / "reach.py").write_text("import gateway.errors")
    program = [sys.executable, "-I", "-c", ALONE, str(outsider.folder / "reach.py")]
    done = subprocess.run(program, capture_output=True, text=True, check=False, timeout=60)
    assert "out of reach: gateway" in done.stderr
