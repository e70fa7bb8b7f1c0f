"""Promise 9: every way out is registered: walked from the code, not from a list."""

from __future__ import annotations

import argparse
import ast

from gateway.api import conferences
from gateway.cli.mail import WORDS
from gateway.client import commands
from gateway.disclosure import ways
from gateway.disclosure.ways import ABOUT, Way
from gateway.flows.notices import Letter
from tests.test_house import ROOT

_PRINTS = {"print", "click.echo", "click.secho", "sys.stdout.write", "sys.stderr.write"}
_LOGS = {"logging.getLogger"}
_FILES = {"open", "os.open", "os.fdopen"}
_FILE_METHODS = {"write_text", "write_bytes", "writelines"}


def test_promise_09_every_form_that_is_sealed_is_registered() -> None:
    """The forms are found where they are named: in the calls that seal an answer."""
    named = set()
    for path in sorted((ROOT / "gateway").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("seal_answer"):
                (form,) = [word.value for word in node.keywords if word.arg == "form"]
                named.add(form.value if isinstance(form, ast.Constant) else ast.unparse(form))
    assert {each for each in named if "/" in each} <= set(ways.FORMS)
    assert len(named) >= len(ways.FORMS) - 1


def test_promise_09_every_paper_is_a_registered_way_out() -> None:
    assert set(conferences.FORMAT.pattern.split("|")) == set(ways.PAPERS)


def test_promise_09_every_notice_is_a_registered_way_out() -> None:
    assert set(Letter) == set(ways.NOTICES) == set(WORDS)


def test_promise_09_every_command_of_the_client_is_a_registered_way_out() -> None:
    parser = commands._parser()
    (listed,) = [
        action for action in parser._actions if isinstance(action, argparse._SubParsersAction)
    ]
    assert set(listed.choices) == set(ways.CLIENT)


def test_promise_09_whatever_writes_is_a_registered_way_out() -> None:
    """Printing, logging and files, found in the code of the gateway and of our client."""
    found = set()
    for path in sorted((ROOT / "gateway").rglob("*.py")):
        if any(_writes(node) for node in ast.walk(ast.parse(path.read_text()))):
            found.add(".".join(path.relative_to(ROOT).with_suffix("").parts))
    assert found == set(ways.WRITERS)


def _writes(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    called = ast.unparse(node.func)
    return called in _PRINTS | _LOGS | _FILES or called.rpartition(".")[2] in _FILE_METHODS


def test_promise_09_each_way_says_what_it_carries_and_what_guards_it() -> None:
    assert set(ABOUT) == set(Way)
    assert all(each.carries.endswith(".") and each.guard.endswith(".") for each in ABOUT.values())
    gateways = {*ways.FORMS.values(), *ways.OPERATIONS.values(), *ways.PAPERS.values()}
    assert gateways <= {Way.SCANNED, Way.OWN, Way.INITIALS, Way.CODES}


def test_promise_09_only_what_was_searched_or_is_ones_own_writes_a_value_out() -> None:
    assert {way for way in Way if ways.may_reveal(way)} == {
        Way.SCANNED,
        Way.OWN,
        Way.OPENED,
        Way.ORIGINAL,
    }
    written = {name for name, way in ways.FORMS.items() if ways.may_reveal(way)}
    assert written == {
        "actions/1",
        "approvals/1",
        "removed/1",
        "disclosure/1",
        "glass/1",
        "own-referral/1",
        "private-notes/1",
        "research-own/1",
        "research-requests/1",
    }
