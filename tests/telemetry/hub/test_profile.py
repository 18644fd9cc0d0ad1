"""The profile keeps an hour of samples within its bytes, and is read as text, HTML and pprof."""

import base64
import gzip
import hashlib
import re
import shutil
import subprocess
import tracemalloc
from html import unescape
from html.parser import HTMLParser

import pytest

from telemetry.hub.flame_graph import BIAS
from telemetry.hub.profile import MINUTES, NO_ROUTE, Profile
from telemetry.hub.profile_pages import profile_file, profile_page
from tests.telemetry.hub.profile_proto import decode
from tests.telemetry.hub.stacks import sample
from tests.telemetry.records import record

ROUTE = "/shop/<item>"


class Kept:
    """A profile with a clock that a test moves."""

    def __init__(self, **bounds):
        self.now = 1_700_000_000.0
        self.profile = Profile(0.025, clock=lambda: self.now, **bounds)

    def add(self, *labels, route=ROUTE, times=1, **facts):
        request = record(route=route) if route else None
        for _ in range(times):
            self.profile.add(sample(*labels, record=request, **facts))

    def page(self, **query):
        file = profile_file(self.profile, query)
        return file.content_type, file.body


@pytest.fixture
def kept():
    kept = Kept()
    kept.add("gunicorn:run", "shop.views:show", "shop.cart:total", times=3)
    kept.add("gunicorn:run", "shop.views:show", "lib.json:dumps", weight_ms=100.0)
    kept.add("gunicorn:run", "shop.views:list", route="/shop", cause="blocked")
    kept.add("shop.jobs:tidy", route="")
    return kept


def test_collapsed_stacks_begin_with_the_route_and_end_with_the_samples(kept):
    kind, body = kept.page(format="collapsed")
    assert kind == "text/plain; charset=utf-8"
    assert body.decode().splitlines() == [
        f"{NO_ROUTE};shop.jobs:tidy 1",
        "/shop/<item>;gunicorn:run;shop.views:show;lib.json:dumps 1",
        "/shop/<item>;gunicorn:run;shop.views:show;shop.cart:total 3",
        "/shop;gunicorn:run;shop.views:list 1",
    ]


def test_route_alone(kept):
    _, body = kept.page(format="collapsed", route="/shop")
    assert body.decode().splitlines() == ["/shop;gunicorn:run;shop.views:list 1"]


def test_function_alone_begins_with_it(kept):
    _, body = kept.page(format="collapsed", frame="shop.views:show")
    assert body.decode().splitlines() == [
        "/shop/<item>;shop.views:show;lib.json:dumps 1",
        "/shop/<item>;shop.views:show;shop.cart:total 3",
    ]


def test_seconds_alone(kept):
    kept.now += 300
    kept.add("shop.jobs:now", route="")
    for seconds, lines in [("60", 1), ("3600", 5)]:
        _, body = kept.page(format="collapsed", seconds=seconds)
        assert len(body.splitlines()) == lines


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ({"seconds": "0"}, "seconds should be a whole number from 1 to 3600."),
        ({"seconds": "3601"}, "seconds should be a whole number from 1 to 3600."),
        ({"seconds": "9" * 5000}, "seconds should be a whole number from 1 to 3600."),
        ({"seconds": "٣"}, "seconds should be a whole number from 1 to 3600."),
        ({"seconds": ""}, "seconds should be a whole number from 1 to 3600."),
        ({"format": "svg"}, "format should be one of html, collapsed, pprof."),
    ],
)
def test_what_is_not_allowed_is_one_sentence(kept, query, problem):
    with pytest.raises(ValueError, match=f"^{re.escape(problem)}$"):
        kept.page(**query)


def test_pprof_has_stacks_values_and_labels(kept):
    kind, body = kept.page(format="pprof")
    profile = decode(gzip.decompress(body))
    assert kind == "application/octet-stream"
    assert profile.sample_types == [("samples", "count"), ("wall", "nanoseconds")]
    assert profile.period == (("wall", "nanoseconds"), 25_000_000)
    assert profile.seconds == 300
    assert profile.comments == [BIAS]
    found = {stack: (values, labels) for stack, values, labels in profile.samples}
    of_item = {"route": ROUTE, "kind": "cpu"}
    assert len(profile.samples) == 4
    assert found == {
        ("gunicorn:run", "shop.views:show", "shop.cart:total"): ((3, 75_000_000), of_item),
        ("gunicorn:run", "shop.views:show", "lib.json:dumps"): ((1, 100_000_000), of_item),
        ("gunicorn:run", "shop.views:list"): (
            (1, 25_000_000),
            {"route": "/shop", "kind": "blocked"},
        ),
        ("shop.jobs:tidy",): ((1, 25_000_000), {"route": NO_ROUTE, "kind": "cpu"}),
    }


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("go") is None, reason="needs the Go toolchain")
def test_pprof_is_read_by_its_own_tool(kept, tmp_path):
    file = tmp_path / "profile.pb.gz"
    file.write_bytes(kept.page(format="pprof")[1])
    shown = subprocess.run(
        ["go", "tool", "pprof", "-raw", str(file)],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    ).stdout
    assert "samples/count wall/nanoseconds[dflt]" in shown
    assert re.search(r"3 +75000000: 1 2 3", shown)
    assert "route:[/shop/<item>]" in shown
    assert "shop.cart:total" in shown


class Outline(HTMLParser):
    """The list of a page as a browser without styles indents it, and what the page refers to."""

    def __init__(self):
        super().__init__()
        self.lines, self.links, self.tags = [], [], set()
        self._depth = 0
        self._in_box = False

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        given = dict(attributes)
        self._depth += tag == "ul"
        self._in_box = tag == "a" and self._depth > 0
        if "href" in given:
            self.links.append(given["href"])
        assert not {"src", "style", "onclick"} & given.keys()

    def handle_endtag(self, tag):
        self._depth -= tag == "ul"
        self._in_box = False

    def handle_data(self, data):
        if self._in_box:
            self.lines.append("  " * (self._depth - 1) + data)


def test_flame_graph_is_an_indented_list_without_scripts(kept):
    kind, body = kept.page()
    outline = Outline()
    outline.feed(body.decode())
    assert kind == "text/html; charset=utf-8"
    assert outline.lines == [
        "gunicorn:run 88.9% (0.20 s, cpu)",
        "  shop.views:list 11.1% (0.03 s, blocked)",
        "  shop.views:show 77.8% (0.17 s, cpu)",
        "    lib.json:dumps 44.4% (0.10 s, cpu)",
        "    shop.cart:total 33.3% (0.07 s, cpu)",
        "shop.jobs:tidy 11.1% (0.03 s, cpu)",
    ]
    assert not outline.tags & {"script", "link", "img", "iframe"}
    assert all(link.startswith(("?", "/debug/")) for link in outline.links)
    assert "prefers-color-scheme:dark" in body.decode()
    assert BIAS in unescape(body.decode())


def test_policy_allows_the_page_s_own_style_alone(kept):
    shown = profile_file(kept.profile, {})
    style = re.search(r"<style>(.*)</style>", shown.body.decode(), re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = shown.headers["Content-Security-Policy"]
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
    for width in re.findall(r'<li class="(w[0-9]+)">', shown.body.decode()):
        assert f".{width}{{width:" in style


def test_refusal_is_a_page_with_a_problem(kept):
    page = profile_page(kept.profile, {"format": "svg"})
    assert (page.status, page.data["status"]) == (400, 400)
    assert page.summary == "format should be one of html, collapsed, pprof."


def test_names_in_the_page_are_escaped():
    kept = Kept()
    kept.add('shop:<script>"&', route='/"><script>')
    body = kept.page(route='/"><script>')[1].decode()
    assert "<script" not in body
    assert "shop:&lt;script&gt;&quot;&amp;" in body


def test_page_without_samples_is_a_page():
    _, body = Kept().page()
    assert b"0 samples" in body


def test_hour_that_is_over_is_dropped(kept):
    kept.now += 60 * (MINUTES + 1)
    kept.add("shop.jobs:now", route="")
    assert len(list(kept.profile.between(100_000))) == 1
    assert kept.profile.left_out == 0
    assert kept.profile.size < 1000


def test_bytes_are_bounded_and_the_oldest_minutes_leave_first():
    kept = Kept(most_bytes=20_000)
    for minute in range(10):
        for number in range(20):
            kept.add("shop:run", f"shop:f{minute}_{number}")
        kept.now += 60
    assert kept.profile.size <= 20_000
    left = {stack.labels[1] for stack, _ in kept.profile.between(3600)}
    assert "shop:f9_19" in left
    assert "shop:f0_0" not in left
    assert kept.profile.left_out == 200 - len(left)


def test_minute_that_does_not_fit_leaves_samples_out():
    kept = Kept(most_bytes=5_000)
    for number in range(100):
        kept.add("shop:run", f"shop:f{number}")
    assert kept.profile.size <= 5_000
    assert kept.profile.samples + kept.profile.left_out == 100
    assert b"were left out for memory" in kept.page()[1]


def test_estimate_of_the_bytes_is_near_the_truth():
    labels = [tuple(f"shop.m{i}:f{j}" for j in range(30)) for i in range(200)]
    samples = [sample(*each, record=record(route=ROUTE)) for each in labels]
    tracemalloc.start()
    kept = Kept()
    for _ in range(30):
        for each in samples:
            kept.profile.add(each)
        kept.now += 60
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 0.5 * used <= kept.profile.size <= 2 * used
