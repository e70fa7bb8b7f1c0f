"""Debian's Chromium, for the tests that look at pages; a conftest imports it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests import needs


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright  # late: without Chromium it is not needed

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=needs.chromium(), args=["--no-sandbox"]
        )
        yield launched
        launched.close()
