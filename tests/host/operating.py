"""Runs every command of the operator with arguments of every kind, and prints what they said.

A process of its own, since the commands close the process that they run in. Arguments are made from
the declaration of each command, so that a command that is added later is tried as well.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from click.testing import CliRunner

from gateway.main import commands

APART = {"serve", "demo", "worker"}  # go on until they are told to end; other tests search them
MOST = 20  # invocations of one command


def leaves(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of every command that does something."""
    if not isinstance(command, click.Group):
        yield path
        return
    for name, inner in command.commands.items():
        yield from leaves(inner, (*path, name))


def find(path: tuple[str, ...]) -> click.Command:
    """The command at a path."""
    found: click.Command = commands
    for name in path:
        assert isinstance(found, click.Group)
        found = found.commands[name]
    return found


def values(parameter: click.Parameter, known: dict[str, list[str]]) -> list[str]:
    """What a parameter may be given: each choice, a file, a number, an id of any kind."""
    kind = parameter.type
    if isinstance(kind, click.Choice):
        return [str(choice) for choice in kind.choices][:4]
    if isinstance(kind, click.Path):
        made = "written.out" if kind.file_okay else "made"
        return [known["file"][0]] if kind.exists else [made]
    if isinstance(kind, click.types.IntParamType):
        return ["0" if parameter.name == "lead" else "1"]
    return known["id"]


def invocations(path: tuple[str, ...], known: dict[str, list[str]]) -> Iterator[list[str]]:
    """Command lines of one command: the needed parameters in every way, then each option too."""
    command = find(path)
    needed, optional = [], []
    for parameter in command.params:
        flag = parameter.opts[-1] if isinstance(parameter, click.Option) else None
        if isinstance(parameter, click.Option) and parameter.is_flag:
            optional.append([[flag or ""]])
            continue
        ways = [[flag, value] if flag else [value] for value in values(parameter, known)]
        (needed if parameter.required else optional).append(ways)
    # A new key rests until every worker has read it; here is none.
    quick = ["--lead", "0"] if any("--lead" in p.opts for p in command.params) else []
    yes = [["--yes"]] if any("--yes" in p.opts for p in command.params) else []
    for chosen in itertools.islice(itertools.product(*needed), MOST):
        base = [*path, *itertools.chain(*chosen), *quick]
        yield base
        yield [*base, *itertools.chain(*yes)]
        for ways in optional:
            for way in ways[:3] if len(chosen) < 3 else ways[:1]:
                yield [*base, *way]


def main() -> None:
    """Read what is known from the first argument; write [arguments, exit code, output] as JSON."""
    known: dict[str, list[str]] = json.loads(Path(sys.argv[1]).read_text())
    said: list[Any] = []
    for path in leaves(commands):
        if path[0] in APART:
            continue
        for arguments in [[*path, "--help"], *invocations(path, known)]:
            done = CliRunner().invoke(commands, arguments, input="y\n" * 9)
            fault = f"{done.exception!r} {done.exception.__cause__!r}" if done.exception else ""
            said.append([arguments, done.exit_code, done.output + done.stderr + fault])
    Path(sys.argv[2]).write_text(json.dumps(said))


if __name__ == "__main__":
    main()
