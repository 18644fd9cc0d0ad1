"""Debug pages as HTML and as JSON: which, safely, and for whom."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest

from telemetry.config import TelemetryConfig
from telemetry.debug_page import REST, Drawing, Field, File, Form, Lines, Link, Page, Table
from telemetry.management.endpoint import Management
from telemetry.management.protocol import Request
from telemetry.management.style import PHASE_COLOURS, SERIES_COLOURS, STYLE
from tests.telemetry.management.clients import get, serving

HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'&\x00"
TOKEN = "a-token-of-16-characters"


def hostile_page(query):
    """A page whose every text tries to break out."""
    text = f"{HOSTILE}{query.get('q', '')}"
    return Page(
        text,
        [
            Table(text, [text, Link(text, "javascript:alert(1)")], [[text, (text, text)]], text),
            Table("numbers", ["n", "s"], [[1, 0.5], [None, Link(text, f"/debug/{text}")]]),
            Lines(text, [text], text),
            Form(text, [Field(text, text, text), Field(text, text, text, [text, ""])], text),
            Drawing(text, "<svg></svg>", text),
        ],
        {"text": text},
        summary=text,
        links=[Link(text, "//evil.test/"), Link(text, 'https://traces.test/"onmouseover="x')],
        status=200,
    )


class Elements(HTMLParser):
    """The elements of a document, with their attributes."""

    def __init__(self, document):
        super().__init__()
        self.found, self.texts = [], []
        self.feed(document)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.texts.append(data)


PAGES = {
    "/debug/hostile": hostile_page,
    "/debug/items/": lambda query: Page(query[REST], [], {"id": query[REST]}),
    "/debug/file": lambda _: File("application/octet-stream", b"\x00\x01", {"X-Own": "1"}),
    "/debug/none": lambda _: Page("No", [], {"detail": "none"}, status=404),
}


@pytest.fixture
def management():
    with serving(pages=PAGES) as management:
        yield management


HTML = "Accept: text/html,*/*;q=0.8\r\n"


def test_no_text_becomes_markup(management):
    _, headers, body = get(
        management, "/debug/hostile?q=%3Cscript%3E%22%3E%3Cb%20onclick=x%3E", headers=HTML
    )
    elements = Elements(body.decode())
    tags = {tag for tag, _ in elements.found}
    assert tags <= {
        *("html", "head", "meta", "title", "style", "body", "nav", "ul", "li", "a", "main", "h1"),
        *("p", "section", "h2", "div", "table", "caption", "thead", "tbody", "tr", "th", "td"),
        *("pre", "form", "label", "input", "select", "option", "button", "svg"),
    }
    names = {name for _, attributes in elements.found for name in attributes}
    assert not {name for name in names if name.startswith("on") or name == "style"}
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    links = [each["href"] for tag, each in elements.found if tag == "a"]
    assert [each for each in links if not each.startswith(("/", "?", "https://traces.test/"))] == [
        *("#", "#")
    ]
    assert not [each for each in links if '"' in each or "<" in each]


def test_the_policy_allows_the_own_style_alone(management):
    _, headers, body = get(management, "/debug/hostile", headers=HTML)
    (style,) = re.findall(r"<style>(.*?)</style>", body.decode(), re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert headers["Content-Security-Policy"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    assert (headers["X-Content-Type-Options"], headers["Referrer-Policy"], headers["Vary"]) == (
        *("nosniff", "no-referrer", "Accept"),
    )


@pytest.mark.parametrize(
    ("query", "accept", "kind"),
    [
        ("", "", "application/json"),
        ("", "Accept: */*\r\n", "application/json"),
        ("", HTML, "text/html; charset=utf-8"),
        ("?format=json", HTML, "application/json"),
        ("?format=html", "", "text/html; charset=utf-8"),
        ("?format=xml", "", "application/json"),
    ],
)
def test_people_get_html_and_tools_json(management, query, accept, kind):
    status, headers, _ = get(management, f"/debug/hostile{query}", headers=accept)
    assert (status, headers["Content-Type"]) == (200, kind)


def test_every_table_has_a_caption_and_headers_with_a_scope(management):
    _, _, body = get(management, "/debug/hostile", headers=HTML)
    elements = Elements(body.decode())
    tags = [tag for tag, _ in elements.found]
    assert tags.count("caption") == tags.count("table") == 2
    assert {each.get("scope") for tag, each in elements.found if tag == "th"} == {"col", "row"}
    assert tags.count("h1") == 1


def test_a_path_below_a_page_is_its_rest(management):
    assert json.loads(get(management, "/debug/items/a%3Cb")[2]) == {"id": "a<b"}
    assert get(management, "/debug/items/a/b")[0] == 404
    assert get(management, "/debug/nothing")[0] == 404
    assert get(management, "/debug/none")[0] == 404


def test_a_file_is_sent_as_it_is(management):
    status, headers, body = get(management, "/debug/file", headers=HTML)
    assert (status, headers["Content-Type"], headers["X-Own"], body) == (
        *(200, "application/octet-stream", "1", b"\x00\x01"),
    )


def test_the_index_leads_to_every_page(management):
    paths = ["/debug/file", "/debug/hostile", "/debug/none", "/debug/requests", "/debug/stacks"]
    assert json.loads(get(management, "/debug/")[2]) == {"paths": paths}
    links = [
        each["href"]
        for tag, each in Elements(get(management, "/debug/", headers=HTML)[2].decode()).found
        if tag == "a"
    ]
    assert set(paths) <= set(links)


# --- who may see them -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("client", "host", "authorization", "status"),
    [
        ("127.0.0.1", "localhost", None, 200),
        ("127.0.0.1", "evil.test", None, 421),
        ("192.0.2.1", "serene.test", None, 401),
        ("192.0.2.1", "serene.test", f"Bearer {TOKEN}", 200),
        ("192.0.2.1", "serene.test", f"bearer  {TOKEN} ", 200),
        ("192.0.2.1", "serene.test", f"Basic {TOKEN}", 401),
        ("192.0.2.1", "serene.test", f"Bearer {TOKEN}x", 401),
        ("192.0.2.1", "serene.test", f"Bearer {TOKEN[:-1]}", 401),
        ("192.0.2.1", "serene.test", "Bearer ", 401),
        ("192.0.2.1", "serene.test", "Bearer \xff\xfe", 401),
        ("192.0.2.1", "localhost", None, 401),
    ],
)
def test_others_need_the_token(client, host, authorization, status):
    config = TelemetryConfig.from_env(
        {"TELEMETRY_MANAGEMENT_PORT": "0", "TELEMETRY_DEBUG_TOKEN": TOKEN}
    )
    headers = {} if authorization is None else {"authorization": authorization}
    with serving(config=config) as management:
        for path in ("/debug/requests", "/debug/stacks", "/debug/"):
            request = Request("GET", path, host, headers, client, True, False)
            response = Management._handle_request(management, request)
            assert response.status == status
            assert ("WWW-Authenticate" in response.headers) == (status == 401)
        request = Request("GET", "/health/liveness", host, headers, client, True, False)
        assert Management._handle_request(management, request).status == 200


def test_no_token_opens_nothing(management):
    request = Request(
        "GET", "/debug/requests", "x.test", {"authorization": "Bearer "}, "192.0.2.1", True, False
    )
    assert Management._handle_request(management, request).status == 403


# --- colours --------------------------------------------------------------------------------------
def luminance(colour):
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def variables(theme):
    """The colours of a theme: of the first rule, or of the one for the dark."""
    rules = re.findall(r":root\{([^}]*)\}", STYLE)
    found = dict(re.findall(r"--(\w+):(#[0-9a-f]{3,6})", rules[theme]))
    return {
        name: colour if len(colour) == 7 else "#" + "".join(2 * digit for digit in colour[1:])
        for name, colour in found.items()
    }


@pytest.mark.parametrize("theme", [0, 1])
def test_contrast_is_enough_in_both_themes(theme):
    colours = variables(theme)
    for background in ("bg", "soft"):
        for text in ("fg", "dim", "link"):
            assert contrast(colours[text], colours[background]) >= 4.5
    for pair in (*PHASE_COLOURS.values(), *SERIES_COLOURS):
        assert contrast(pair[theme], colours["bg"]) >= 3.0
