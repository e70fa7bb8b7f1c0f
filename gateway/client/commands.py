"""Owns `gateway-client`: an agency's commands, in plain English, with exit codes for scripts."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway.client import account_commands, action_commands, check, config, note_commands
from gateway.client.access import ProblemError
from gateway.client.agent import EVERY, Answered, answer, answer_once
from gateway.client.command_line import connected, online, write_private
from gateway.client.erasure import ask_erasure
from gateway.client.gateway import Pulled, Receipt
from gateway.client.witness import Disproved
from gateway.errors import GatewayError, Invalid, Problem, Unavailable, UnsafeSettings
from gateway.schemas.codes import Acknowledgement, DeclineReason, ErasureReason, Purpose

ABOUT = "What an agency does at a MARAC gateway: refer, read, answer."
OK, REFUSED, WRONG_FORM, AWAY, SETTINGS, DISPROVED = 0, 1, 2, 3, 4, 5
ALARM = (
    "The record of who read what was changed, or kept from you. Tell the other agencies, not only",
    "the gateway's operator, and keep the evidence.",
)
SHOWN = ("level", "criteria", "decision", "duties", "state", "reasons", "missing", "routed")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 done, 1 refused, 2 wrong form, 3 gateway away, 4 wrong settings,
    5 the access log is not what it was, or lacks what it promised."""
    given = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], None] = given.run
    try:
        run(given)
    except ProblemError as problem:
        print(f"The gateway refused: {problem.status} {problem.code}", file=sys.stderr)
        _show(tuple(Problem(code, pointer) for code, pointer in problem.problems))
        return REFUSED
    except Invalid as fault:
        print(fault.message, file=sys.stderr)
        _show(fault.problems)
        return WRONG_FORM
    except Disproved as fault:
        _show_alarm(fault)
        return DISPROVED
    except Unavailable as fault:
        print(f"{fault.message} Run the same command again later.", file=sys.stderr)
        return AWAY
    except (UnsafeSettings, GatewayError) as fault:
        print(fault.message, file=sys.stderr)
        return SETTINGS
    return OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gateway-client", description=ABOUT)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    keys = commands.add_parser("keys", help="make this agency's keys").add_subparsers(required=True)
    new = keys.add_parser("new", help="make two key pairs that never leave FOLDER")
    new.add_argument("folder", type=Path)
    new.add_argument("--agency", required=True, metavar="ID")
    new.set_defaults(run=_new_keys)

    checking = commands.add_parser("check", help="check a form file, without a gateway")
    checking.add_argument("file", type=Path)
    checking.set_defaults(run=_check)

    refer = online(commands.add_parser("refer", help="seal and send a form file"), _refer)
    refer.add_argument("file", type=Path)
    refer.add_argument("--key", metavar="UUID", help="idempotency key; by default one per content")
    refer.add_argument("--receipt", type=Path, help="keep the signed receipt in this file")

    pull = online(commands.add_parser("pull", help="read what you may know of a case"), _pull)
    pull.add_argument("reference")
    pull.add_argument("--purpose", default=Purpose.P2, choices=list(Purpose), help="default: P2")
    pull.add_argument("--out", type=Path, help="write to this file, for you alone to read")

    cases = online(commands.add_parser("cases", help="list what is new for you"), _cases)
    cases.add_argument("--cursor", help="what the last list gave; without it, from the start")

    agenda = online(commands.add_parser("agenda", help="get your agenda"), _agenda)
    agenda.add_argument("conference")
    agenda.add_argument("--format", choices=["json", "html", "pdf", "docx", "ics"], default="pdf")
    agenda.add_argument("--out", type=Path, required=True, help="a file for you alone to read")

    opening = online(commands.add_parser("open", help="open a sealed file made for you"), _open)
    opening.add_argument("file", type=Path)
    opening.add_argument("--out", type=Path, required=True, help="a file for you alone to read")

    agent = online(commands.add_parser("agent", help="seal copies that others are owed"), _agent)
    agent.add_argument("--once", action="store_true", help="look once, then end")
    agent.add_argument("--every", type=float, default=EVERY, metavar="SECONDS", help="default: 60")
    agent.add_argument("--purpose", default=Purpose.P2, choices=list(Purpose), help="default: P2")

    note_commands.add(commands)
    action_commands.add(commands)
    account_commands.add(commands)
    asking = online(
        commands.add_parser("ask-erasure", help="sign that cases be erased, as their coordinator"),
        _ask_erasure,
    )
    asking.add_argument("reference", nargs="+", help="all that were joined go together")
    asking.add_argument("--because", choices=list(ErasureReason), required=True)
    asking.add_argument("--out", type=Path, required=True, help="a file for the two operators")

    online(commands.add_parser("partners", help="follow the keys of all partners"), _partners)

    answer = online(commands.add_parser("acknowledge", help="answer to a case"), _acknowledge)
    answer.add_argument("reference")
    answer.add_argument("--outcome", choices=list(Acknowledgement), default="ACCEPTED")
    answer.add_argument("--reason", choices=list(DeclineReason), help="why, if declined")
    return parser


def _new_keys(given: argparse.Namespace) -> None:
    prints = config.new_keys(given.folder, given.agency)
    print(f"Keys of {given.agency} are in {given.folder}. They never leave it; keep a safe copy.")
    print(f"Send {given.folder / config.PUBLIC} to the gateway's operator, then telephone a")
    print("number that you already know, and read these to each other:")
    for use, text in (("signing", prints["sig"]), ("encryption", prints["enc"])):
        print(f"  {use:<11} {' '.join(text[i : i + 4] for i in range(0, len(text), 4))}")


def _check(given: argparse.Namespace) -> None:
    check.read(given.file)
    print("Nothing is wrong with this form. It was not sent.")


def _refer(given: argparse.Namespace) -> None:
    form = check.read(given.file)
    with connected(given) as gateway:
        receipt = gateway.refer(form, idempotency_key=given.key or gateway.key_for(form))
    _show_receipt(receipt)  # first: it may say that a life is in danger
    if given.receipt:
        write_private(given.receipt, receipt.token)


def _pull(given: argparse.Namespace) -> None:
    try:
        with connected(given) as gateway:
            pulled = gateway.pull(given.reference, given.purpose)
    except Disproved as fault:
        _write_pulled(given, fault.pulled)  # the case may be urgent; the alarm follows
        raise
    _write_pulled(given, pulled)


def _write_pulled(given: argparse.Namespace, pulled: Pulled) -> None:
    opened = {**pulled.claims, "opened": pulled.reveal_safely(datetime.now(UTC).date())}
    text = json.dumps(opened, ensure_ascii=False, indent=1)
    if given.out is None:
        print(text)
        return
    write_private(given.out, text)
    print("Written. The file holds what must not be passed on; delete it when you are done.")


def _agenda(given: argparse.Namespace) -> None:
    with connected(given) as gateway:
        _write_paper(given.out, gateway.agenda(given.conference, form=given.format))


def _ask_erasure(given: argparse.Namespace) -> None:
    settings = config.load(given.config)
    keys = config.load_keys(settings.keys)
    said = ask_erasure(
        given.reference, given.because, keys=keys, agency=settings.agency, base=settings.base_url
    )
    write_private(given.out, said)
    print("Signed. Nothing was sent: give the file to the gateway's operators within two weeks.")


def _open(given: argparse.Namespace) -> None:
    try:
        sealed = given.file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise UnsafeSettings("The sealed file cannot be read.") from None
    with connected(given) as gateway:
        _write_paper(given.out, gateway.open_file(sealed))


def _write_paper(path: Path, paper: Mapping[str, Any] | str | bytes) -> None:
    if isinstance(paper, Mapping):
        paper = json.dumps(dict(paper), ensure_ascii=False, indent=1)
    write_private(path, paper)
    print("Written. The file holds what must not be passed on; delete it when you are done.")


def _cases(given: argparse.Namespace) -> None:
    with connected(given) as gateway:
        listed = gateway.list_cases(given.cursor)
    for item in listed["items"]:
        print("  ".join(str(item[name]) for name in ("reference", "kind", "level", "state", "at")))
    print(f"{len(listed['items'])} new{', and there are more' if listed['more'] else ''}.")
    print(f"Next time: --cursor {listed['next']}")


def _agent(given: argparse.Namespace) -> None:
    with connected(given) as gateway:
        if given.once:
            _show_answered(answer_once(gateway, given.purpose))
            return
        with suppress(KeyboardInterrupt):
            for answered in answer(gateway, purpose=given.purpose, every=given.every):
                if answered:
                    _show_answered(answered)


def _show_answered(answered: Sequence[Answered]) -> None:
    for each in answered:
        became = "sealed" if each.refused is None else f"not sealed: {each.refused}"
        print(f"{each.reference}  {each.section}  for {each.agency}  {became}", flush=True)
    done = sum(each.refused is None for each in answered)
    print(f"{done} of {len(answered)} copies were sealed.", flush=True)


def _partners(given: argparse.Namespace) -> None:
    with connected(given) as gateway:
        changes = gateway.partners.follow()
        strange = gateway.partners.strange_keys(gateway.agency_id, gateway.own_kids)
    for each in changes:
        shown = (each["number"], each["event"], each["agency"], each.get("kid") or "all its keys")
        print("  ".join(str(part) for part in (*shown, each.get("custody", ""))).rstrip())
    print(f"Changes since the last time: {len(changes)}; all stand in the access log.")
    for kid in strange:
        print(f"A key in your own name is not in your folder: {kid}", file=sys.stderr)
    if strange:
        print("If nobody of yours made it, ring the gateway's operators now.", file=sys.stderr)


def _acknowledge(given: argparse.Namespace) -> None:
    with connected(given) as gateway:
        gateway.acknowledge(given.reference, given.outcome, given.reason)
    print(f"Acknowledged: {given.outcome}.")


def _show_receipt(receipt: Receipt) -> None:
    claims = receipt.claims
    if "urgent" in claims:
        print(claims["urgent"])
    print(f"Received. The reference is {receipt.reference}.")
    for name in SHOWN:
        if claims.get(name):
            print(f"  {name}: {_short(claims[name])}")
    prompts = [p for each in claims.get("assessments", ()) for p in each.get("prompts", ())]
    if prompts:
        print(f"  ask next: {'; '.join(prompts)}")
    for step in claims.get("next", ()):
        print(f"  next: {step['code']}, {step['by']}, by {step['due_at']}")


def _short(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(map(_short, value))
    if isinstance(value, dict):
        return ", ".join(f"{n} {_short(v)}" for n, v in value.items() if n != "versions" and v)
    return str(value)


def _show(problems: Sequence[Problem]) -> None:
    for problem in problems:
        print(f"  {check.says(problem)}", file=sys.stderr)


def _show_alarm(fault: Disproved) -> None:
    print(f"ALARM: {fault.message}", file=sys.stderr)
    for line in ALARM:
        print(line, file=sys.stderr)
    if fault.evidence is not None:
        print(f"  evidence: {fault.evidence}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
