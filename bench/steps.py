"""Owns where the time goes: CPU of the main steps of a job, each without the steps within it."""

from __future__ import annotations

import functools
import importlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import thread_time_ns
from typing import Any

# Step -> the names under which its callers look it up, as "module:function".
SUBMIT = {
    "token, proof, caller": ("bench.pairs:authenticate",),
    "envelope: JWE and JWS": (
        "gateway.sealing.jose:decrypt",
        "gateway.sealing.jose:verify",
    ),
    "envelope: strict JSON": ("gateway.sealing.envelopes:parse",),
    "envelope: claims": ("gateway.sealing.envelopes:load_claims",),
    "content digest": ("gateway.sealing.envelopes:content_digest",),
    "form load": ("gateway.schemas.forms:load",),
    "sender's key, answer, jti": (
        "gateway.agencies.inbox:_verify_key",
        "gateway.agencies.inbox:find_answer",
        "gateway.agencies.inbox:_use_jti",
        "gateway.flows.referrals.submitting:keep_answer",
    ),
    "reading: rules": ("gateway.flows.referrals.submitting:_read",),
    "signed document sealed, stored": ("gateway.store.referrals:add_version",),
    "position, risk: dated rows": ("gateway.flows.referrals.submitting:_write_facts",),
    "split into sections": ("gateway.rules.sections:split",),
    "sections sealed": ("gateway.flows.referrals.submitting:contribute",),
    "sections stored": ("gateway.store.sections:add_sections",),
    "index: tokens": (
        "gateway.flows.referrals.people:party_values",
        "gateway.flows.referrals.people:tokens_of",
    ),
    "index: lookup and store": ("gateway.flows.referrals.people:index",),
    "routes": ("gateway.flows.referrals.settling:find_routes",),
    "consent, state, assignment": (
        "gateway.flows.referrals.settling:write_consent",
        "gateway.flows.referrals.settling:assign",
        "gateway.store.cases:add_states",
    ),
    "grants derived": ("gateway.disclosure.grants:derive",),
    "grants wrapped": ("gateway.flows.referrals.settling:grant_new",),
    "grants stored": ("gateway.store.sections:add_grants",),
    "log and feed": (
        "gateway.ledger.work:Work.record_all",
        "gateway.flows.referrals.settling:announce",
    ),
    "receipt": ("gateway.flows.referrals.receipts:sign",),
    "commit": ("gateway.ledger.work:_commit",),
}

PULL = {
    "case, keys, checkpoint looked up": (
        "gateway.flows.cases.pulling:find_case",
        "gateway.agencies.directory:encryption_keys",
        "gateway.disclosure.answers:newest_checkpoint",
    ),
    "document put together": (
        "gateway.flows.cases.pulling:document_of",
        "gateway.disclosure.pieces:_pieces",
    ),
    "facts read": ("gateway.disclosure.facts:list_facts", "gateway.disclosure.opening:list_facts"),
    "decided": ("gateway.rules.disclosure:decide",),
    "log": ("gateway.ledger.work:Work.record_all",),
    "risk read": ("gateway.disclosure.opening:dated.list_risks",),
    "keys read and opened": ("gateway.disclosure.pieces:open_case_keys",),
    "sections read": ("gateway.store.sections:list_granted",),
    "sections opened": ("gateway.sealing.sections:open_section_content",),
    "receipt signed and kept": ("gateway.disclosure.answers:give_receipt",),
    "protected values written out": ("gateway.disclosure.answers:reveal",),
    "signed and sealed": ("gateway.sealing.envelopes:seal_disclosure",),
    "commit": ("gateway.ledger.work:_commit",),
}

AGENDA = PULL | {
    "ordered": ("gateway.flows.conferences.agenda:_order",),
    "lines": ("gateway.flows.conferences.agenda:_lines",),
    "rendered": ("gateway.papers.agenda:render",),
}


class Steps:
    """Adds up the CPU of each step. A step that is not there any more is left out, and said."""

    def __init__(self) -> None:
        self.spent: dict[str, int] = defaultdict(int)
        self.absent: list[str] = []
        self._within: list[int] = []

    @contextmanager
    def watching(self, steps: dict[str, tuple[str, ...]]) -> Iterator[None]:
        """Watch these steps inside the block."""
        undo: list[tuple[Any, str, Any]] = []
        try:
            for label, names in steps.items():
                for name in names:
                    self._watch(label, name, undo)
            yield
        finally:
            for owner, attribute, original in reversed(undo):
                setattr(owner, attribute, original)

    def _watch(self, label: str, name: str, undo: list[tuple[Any, str, Any]]) -> None:
        module, _, path = name.partition(":")
        *outer, attribute = path.split(".")
        try:
            owner: Any = importlib.import_module(module)
            for part in outer:
                owner = getattr(owner, part)
            original = getattr(owner, attribute)
        except (ImportError, AttributeError):
            self.absent.append(name)
            return
        undo.append((owner, attribute, original))
        setattr(owner, attribute, self.timed(label, original))

    def timed(self, label: str, act: Callable[..., Any]) -> Callable[..., Any]:
        """Count an act's CPU for a step, less that of the steps within it."""

        @functools.wraps(act)
        def run(*args: Any, **kwargs: Any) -> Any:
            self._within.append(0)
            begin = thread_time_ns()
            try:
                return act(*args, **kwargs)
            finally:
                spent = thread_time_ns() - begin
                self.spent[label] += spent - self._within.pop()
                if self._within:
                    self._within[-1] += spent

        return run
