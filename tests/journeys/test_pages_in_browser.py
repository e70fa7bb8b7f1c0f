"""Pages as a browser shows them: accessible, on a small screen, by keyboard, without script."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from threading import Thread
from typing import Any
from unicodedata import normalize

import pikepdf
import pytest
from werkzeug.serving import make_server

from gateway.papers import agenda as papers
from tests import needs
from tests.flows.test_papers import HOSTILE, LINE, an_agenda, text_of
from tests.journeys.world import World

pytestmark = pytest.mark.needs("chromium")
PAGES = ("/docs", "/docs/forms", "/problems")
NARROW = {"width": 320, "height": 800}
WIDE = {"width": 1280, "height": 1000}


@pytest.fixture(scope="module")
def address(shared_sqlite_world: World) -> Iterator[str]:
    """The service on a port of this machine."""
    server = make_server("127.0.0.1", 0, shared_sqlite_world.app, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An agenda as it lies in a reader's folder."""
    path: Path = tmp_path_factory.mktemp("papers") / "agenda.html"
    text = papers.render(an_agenda(20), "html")["text"]
    path.write_text(text, encoding="utf-8")
    return path.as_uri()


SHEET = (needs.ROOT / "docs/need-to-know.html").as_uri()


@pytest.fixture(params=[*PAGES, "agenda", "sheet"])
def opened(request: pytest.FixtureRequest, browser: Any, address: str, paper: str) -> Iterator[Any]:
    """A page in a wide window, which complained about nothing and asked nobody else."""
    said: list[str] = []
    asked: list[str] = []
    with browser.new_context(viewport=WIDE) as context:
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda sent: asked.append(sent.url))
        files = {"agenda": paper, "sheet": SHEET}
        page.goto(files.get(request.param, address + request.param))
        yield page
    assert said == []
    assert all(url.startswith((address, paper, SHEET)) for url in asked)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_no_rule_of_accessibility_is_broken(opened: Any, size: dict[str, int]) -> None:
    from axe_playwright_python.sync_playwright import Axe

    opened.set_viewport_size(size)
    found = Axe().run(opened)
    assert found.violations_count == 0, found.generate_report()


def test_a_small_screen_never_scrolls_sideways(opened: Any) -> None:
    opened.set_viewport_size(NARROW)
    widths = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    inner, outer = opened.evaluate(widths)
    assert inner <= outer == NARROW["width"]


@pytest.mark.parametrize("path", PAGES)
def test_the_keyboard_reaches_the_content_first_and_every_link(
    browser: Any, address: str, path: str
) -> None:
    with browser.new_context(viewport=WIDE) as context:
        page = context.new_page()
        page.goto(address + path)
        focused = "document.activeElement.textContent.trim()"
        page.keyboard.press("Tab")
        assert page.evaluate(focused) == "Skip to the content"
        assert page.locator(".skip").bounding_box()["y"] >= 0
        for text in ("Operations", "Forms", "Problems", "OpenAPI 3.1"):
            page.keyboard.press("Tab")
            assert page.evaluate(focused) == text
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('nav').className") == "contents"
        outline = "getComputedStyle(document.activeElement).outlineStyle"
        assert page.evaluate(outline) == "solid"
        page.locator(".skip").focus()
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"


def test_everything_works_without_script(browser: Any, address: str) -> None:
    with browser.new_context(java_script_enabled=False, viewport=WIDE) as context:
        page = context.new_page()
        page.goto(f"{address}/docs")
        page.get_by_role("link", name="Pull a case").click()
        assert page.url.endswith("#pull-case")
        assert page.get_by_role("heading", name="Pull a case").is_visible()
        example = page.locator("#submit-referral ~ details pre").first
        assert not example.is_visible()
        page.locator("#submit-referral ~ details summary").first.click()
        assert example.is_visible()
        page.get_by_role("link", name="referral-1", exact=True).first.click()
        assert page.url.endswith("/docs/forms#referral-1")


def test_a_script_that_got_into_a_paper_would_not_run(browser: Any, tmp_path: Path) -> None:
    text = papers.render(an_agenda(line=LINE), "html")["text"]
    path = tmp_path / "agenda.html"
    planted = "<script>document.title = 'ran'</script><img src=x onerror=\"document.title='ran'\">"
    path.write_text(text.replace("<main>", f"<main>{planted}"), encoding="utf-8")
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(path.as_uri())
        assert page.title() == "Agenda"


def test_markup_in_a_name_is_seen_as_it_was_written(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "agenda.html"
    agenda = an_agenda(reader=HOSTILE)
    path.write_text(papers.render(agenda, "html")["text"], encoding="utf-8")
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(path.as_uri())
        assert HOSTILE in page.inner_text(".copy")


def test_the_printed_page_carries_the_mark_on_every_sheet(browser: Any, paper: str) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(paper)
        printed = page.pdf(prefer_css_page_size=True, tagged=True)
    with pikepdf.open(BytesIO(printed)) as pdf:
        assert len(pdf.pages) > 2
        for sheet in pdf.pages:
            width, height = (float(side) for side in sheet.MediaBox[2:])
            assert (round(width), round(height)) == (842, 595)
            with pikepdf.new() as alone:
                alone.pages.append(sheet)
                text = normalize("NFKC", text_of(alone)).replace(" ", "")  # ligatures
                assert "CopyforMarlburyConferenceOffice." in text
