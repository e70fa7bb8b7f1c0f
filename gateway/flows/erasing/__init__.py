"""Erasing cases: what its coordinator asks for, two operators do; a restored backup undoes none."""

from gateway.flows.erasing.again import check_erased, erase_again, list_due
from gateway.flows.erasing.asking import REASONS, statement
from gateway.flows.erasing.cases import erase

__all__ = [
    "REASONS",
    "check_erased",
    "erase",
    "erase_again",
    "list_due",
    "statement",
]
