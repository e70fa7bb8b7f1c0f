"""The documentation for people: rendered from the description, whole, and harmless in a browser."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import pytest
from werkzeug.test import TestResponse

from gateway.api import openapi
from gateway.schemas.codes import Scope
from gateway.web import headers
from gateway.web.tables import tables
from tests.journeys.world import BASE, World

PAGES = ("/docs", "/docs/forms", "/problems")
DOCUMENT = openapi.document(BASE)


class Page(HTMLParser):
    """Tags, ids, links and text of a page, and whether its tags are closed in order."""

    VOID = frozenset({"meta", "link", "br", "input"})

    def __init__(self, answer: TestResponse) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(answer.get_data(as_text=True))
        self.text = " ".join(" ".join(self.texts).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name == "id":
                self.ids.append(str(value))
            if name in ("href", "src"):
                self.links.append(str(value))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def get(world: World, path: str, **headers: str) -> TestResponse:
    return world.app.test_client().get(path, headers=headers, buffered=True)


@pytest.fixture(scope="module")
def pages(shared_sqlite_world: World) -> dict[str, Page]:
    return {path: Page(get(shared_sqlite_world, path)) for path in PAGES}


def test_F98_every_operation_has_a_section_with_all_that_a_caller_needs(
    pages: dict[str, Page],
) -> None:
    page = pages["/docs"]
    for path, item in DOCUMENT["paths"].items():
        for method, each in item.items():
            assert each["operationId"].replace("_", "-") in page.ids
            assert each["summary"] in page.text
            assert " ".join(each["description"].split()) in page.text
            assert f"{method.upper()} {path}" in page.text
            for parameter in each.get("parameters", ()):
                assert parameter["name"] in page.text
    for scope in Scope:
        assert f"Scope {scope} ." in page.text


def test_every_form_has_a_table_with_every_member_and_code(pages: dict[str, Page]) -> None:
    page = pages["/docs/forms"]
    schemas = DOCUMENT["components"]["schemas"]
    assert schemas.keys() <= set(page.ids)
    words = set(page.text.replace(",", " ").split())
    for table in tables(schemas):
        for row in table.rows:
            assert not row.name or row.name in words
            assert set(row.codes) <= words
    assert "sealed-safe-contact-1" in page.ids


def test_every_error_code_has_an_anchor(pages: dict[str, Page]) -> None:
    ids = set(pages["/problems"].ids)
    listed = DOCUMENT["x-problems"]
    assert {each["code"] for each in listed["requests"]} <= ids
    assert {f"field-{each['code']}" for each in listed["fields"]} <= ids
    assert {f"oauth-{each['code']}" for each in listed["oauth"]} <= ids


def test_the_type_of_an_error_leads_to_its_words(
    shared_sqlite_world: World, pages: dict[str, Page]
) -> None:
    for path in ("/v1/cases", "/no/such/page"):
        found = json.loads(get(shared_sqlite_world, path).data)["type"]
        page, _, anchor = found.removeprefix(BASE).partition("#")
        assert page == "/problems"
        assert anchor in pages[page].ids


def test_every_link_leads_somewhere(shared_sqlite_world: World, pages: dict[str, Page]) -> None:
    for here, page in pages.items():
        assert len(set(page.ids)) == len(page.ids)
        for link in set(page.links):
            path, _, anchor = link.removeprefix(BASE).partition("#")
            target = path or here
            assert target.startswith("/"), link
            if anchor:
                assert anchor in pages[target].ids, link
            else:
                assert get(shared_sqlite_world, target).status_code == 200, link


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_no_script_and_is_well_formed(pages: dict[str, Page], path: str) -> None:
    page = pages[path]
    assert not page.open
    assert not {"script", "style", "iframe", "form", "img", "object"} & set(page.tags)
    assert not {name for name in page.attributes if name == "style" or name.startswith("on")}
    assert page.tags.count("h1") == page.tags.count("main") == 1


@pytest.mark.parametrize("path", [*PAGES, "/openapi.json", "/v1/cases", "/no/such/page"])
def test_every_answer_is_hardened(shared_sqlite_world: World, path: str) -> None:
    answer = get(shared_sqlite_world, path)
    for name, value in headers.HEADERS.items():
        if name != "Cache-Control":
            assert answer.headers.getlist(name) == [value]
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "unsafe" not in policy
    assert "Set-Cookie" not in answer.headers
    is_public = path in (*PAGES, "/openapi.json")
    assert answer.headers["Cache-Control"] == ("public, max-age=300" if is_public else "no-store")


def test_a_page_that_did_not_change_is_not_sent_again(shared_sqlite_world: World) -> None:
    first = get(shared_sqlite_world, "/docs")
    again = get(shared_sqlite_world, "/docs", **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_the_root_leads_to_the_documentation(shared_sqlite_world: World) -> None:
    answer = get(shared_sqlite_world, "/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/docs")
    asked = {"Host": "elsewhere.example", "X-Forwarded-Host": "elsewhere.example"}
    other = shared_sqlite_world.app.test_client().get("/", headers=asked)
    assert other.headers["Location"] == "/docs"


@pytest.mark.parametrize("path", ["/static/web.css", "/static/icon.svg"])
def test_what_a_page_needs_is_served(shared_sqlite_world: World, path: str) -> None:
    assert get(shared_sqlite_world, path).status_code == 200


@pytest.mark.parametrize("path", ["/static/../reference.py", "/static/%2e%2e/headers.py"])
def test_nothing_else_of_the_folder_is_served(shared_sqlite_world: World, path: str) -> None:
    assert get(shared_sqlite_world, path).status_code == 404


@pytest.mark.parametrize(
    ("schema", "takes", "codes"),
    [
        ({"$ref": "#/components/schemas/Victim"}, "Victim", ()),
        ({"const": True}, "exactly true", ()),
        ({"type": "boolean"}, "true or false", ()),
        ({"type": "integer", "minimum": 0, "maximum": 9}, "whole number, 0 to 9", ()),
        ({"type": "integer"}, "whole number", ()),
        ({"type": "string", "enum": ["A", "B"]}, "one code", ("A", "B")),
        ({"type": ["string", "null"], "enum": ["A", None]}, "one code or null", ("A",)),
        ({"type": "string", "format": "date"}, "day, YYYY-MM-DD", ()),
        ({"type": "string", "pattern": "^(?:[0-9]{4})$"}, "text of the shape [0-9]{4}", ()),
        ({"type": "string", "pattern": "x", "maxLength": 9}, "text, at most 9 characters", ()),
        (
            {"type": "array", "items": {"type": "string"}, "maxItems": 3, "uniqueItems": True},
            "list, 0 to 3, no two alike: text",
            (),
        ),
        (
            {
                "oneOf": [
                    {"type": "object", "properties": {"value": {"enum": ["A"], "type": "string"}}},
                    {"type": "object", "properties": {"absent": {"enum": ["B"], "type": "string"}}},
                ]
            },
            "value?: one code; or absent?: one code",
            ("A",),
        ),
    ],
)
def test_a_schema_is_said_in_words(
    schema: dict[str, object], takes: str, codes: tuple[str, ...]
) -> None:
    (table,) = tables({"Form": {"type": "object", "properties": {"member": schema}}})
    (row,) = table.rows
    assert "".join(said.text for said in row.takes) == takes
    assert row.codes == codes
