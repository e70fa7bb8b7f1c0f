"""Owns how long the two scans of an outgoing text take, and how often they hold one for nothing."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable

from bench.neutral import Case, a_case, neutral_texts
from gateway.rules import leaks
from gateway.rules.leaks import HELD, Keyed, Sought
from gateway.schemas.spelling import fold
from gateway.sealing.scan import key_for, stamper
from gateway.sealing.scanning import values_of

SEED = 2026
SIZE = 10_000  # characters: 10 KB
TEXTS_OF_A_CASE = 10


def measure(*, rounds: int, documents: int) -> dict[str, float]:
    """Milliseconds for 10 KB by each scan (median), and the false stops in 1,000 documents.

    :raises AssertionError: if a scan does not hold a value that it was given to look for.
    """
    rng = random.Random(SEED)
    case = a_case(rng)
    texts = [next(neutral_texts(rng, case, size=SIZE)).words for _ in range(8)]
    plain, keyed = readable(case), by_tokens(case)
    for sought, value in ((plain, case.readable["school"]), (keyed, case.address["organisation"])):
        assert HELD in str(leaks.hold_back(f"seen at {value} today", sought)[0])
    return {
        "readable, ms per 10 KB": _time(plain.is_in, texts, rounds),
        "tokens, ms per 10 KB": _time(keyed.is_in, texts, rounds),
        "false stops in 1,000 documents": count_false(documents) * 1000 / documents,
    }


def count_false(documents: int, *, seed: int = SEED) -> int:
    """How many of so many invented neutral documents are held by either scan."""
    rng = random.Random(seed)
    stopped = 0
    for _ in range(documents // TEXTS_OF_A_CASE):
        case = a_case(rng)
        both = readable(case), by_tokens(case)
        source = neutral_texts(rng, case, size=SIZE)
        for _ in range(TEXTS_OF_A_CASE):
            text = next(source)
            assert not text.said & case.said
            stopped += any(sought.is_in(text.words) for sought in both)
    return stopped


def readable(case: Case) -> Sought:
    """What the gateway itself can read of a case."""
    return Sought(fold(value) for value in case.readable.values())


def by_tokens(case: Case) -> Sought:
    """What its sender made tokens of."""
    key = key_for(b"secret", "key")
    stamp, found = stamper(key), []
    for section, content in (("protected_address", case.address), ("safe_contact", case.contact)):
        tokens = frozenset(stamp(value) for value in values_of(section, content, {}))
        found.append(Keyed(section, key, tokens))
    return Sought((), found, stamper)


def _time(look: Callable[[str], bool], texts: list[str], rounds: int) -> float:
    taken = []
    for _ in range(rounds):
        for text in texts:
            began = time.perf_counter()
            look(text)
            taken.append((time.perf_counter() - began) * 1e3 * SIZE / len(text.encode()))
    return round(statistics.median(taken), 3)
