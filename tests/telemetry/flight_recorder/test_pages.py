"""The list of requests, and the page of one: for people and for tools."""

import re

import gevent
import pytest

from telemetry.debug_page import REST, Drawing, Table
from telemetry.flight_recorder.waterfall import waterfall
from telemetry.management.html import page_html
from tests.telemetry.flight_recorder.conftest import log

HOSTILE = "<script>alert(1)</script>"


def titles(rows):
    return [each["route"] for each in rows]


def html_of(page):
    return page_html(page, path="/debug/requests", paths=["/debug/"]).decode()


@pytest.fixture
def observed(shop):
    """One with two failed requests, a slow one and one in flight."""
    observed = shop()

    @observed.app.get("/cut")
    def cut():
        return iter([b"1", b"2"])

    for path in ("/fail/b", "/fail/a"):
        observed.get(path)
    request = observed.spawn("/pool")
    gevent.sleep(0.01)
    response = observed.app.test_client().get("/cut")
    next(iter(response.response))
    response.close()
    request.join()
    request = observed.spawn("/slow")
    gevent.sleep(0.05)
    yield observed
    request.join()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("query", "live", "past"),
    [
        ({}, ["/slow"], ["/cut", "/pool", "/fail/<name>", "/fail/<name>"]),
        ({"sort": "route"}, ["/slow"], ["/cut", "/fail/<name>", "/fail/<name>", "/pool"]),
        ({"sort": "-seconds"}, ["/slow"], ["/pool", ...]),
        ({"sort": "-nonsense"}, ["/slow"], ["/cut", "/pool", "/fail/<name>", "/fail/<name>"]),
        ({"route": "/pool"}, [], ["/pool"]),
        ({"phase": "db"}, ["/slow"], []),
        ({"phase": "db_pool_wait"}, [], ["/pool"]),
        ({"outcome": "slow"}, [], ["/pool"]),
        ({"outcome": "cut"}, [], ["/cut"]),
        ({"outcome": "failed", "route": "/cut"}, [], []),
    ],
)
def test_the_list_is_sorted_and_filtered(observed, query, live, past):
    data = observed.listed(**query)
    shown = titles(data["past"])
    if past[-1:] == [...]:
        shown, past = shown[:1], past[:1]
    assert (titles(data["requests"]), shown) == (live, past)
    page = observed.pages["/debug/requests"](query)
    tables = [each for each in page.sections if isinstance(each, Table)]
    assert [len(each.rows) for each in tables] == [len(data["requests"]), len(data["past"])]


@pytest.mark.slow
def test_a_live_request_shows_what_it_does_now(observed):
    (live,) = observed.listed()["requests"]
    assert live["doing"].startswith("db for ")
    assert live["doing"].endswith(": find orders {status} on 127.0.0.1:27017")


def test_a_header_sorts_the_other_way_and_keeps_the_filter(shop):
    page = shop().pages["/debug/requests"]({"route": "/a&b", "sort": "-age"})
    links = {each.text: each.url for table in page.sections[1:] for each in table.columns[1:4]}
    assert links["Age, s"] == "?route=%2Fa%26b&sort=age"
    assert links["Route"] == "?route=%2Fa%26b&sort=-route"


def test_no_text_of_a_client_becomes_markup(shop):
    observed = shop()

    @observed.app.get("/<script>/<name>")
    def hostile(script, name):
        log.debug(HOSTILE, extra={"fields": {HOSTILE: HOSTILE}})
        log.info("%s", HOSTILE)
        return HOSTILE, 500

    observed.app.test_client().get(
        f"/x/{HOSTILE.replace('/', '')}?{HOSTILE}=1",
        headers={"User-Agent": HOSTILE, "Host": "shop.test"},
        buffered=True,
    )
    (kept,) = observed.kept()
    assert HOSTILE in kept["userAgent"]
    for page in (
        observed.pages["/debug/requests"]({"route": HOSTILE, "sort": HOSTILE}),
        observed.pages["/debug/requests/"]({REST: kept["requestId"]}),
        observed.pages["/debug/requests/"]({REST: HOSTILE}),
    ):
        document = html_of(page)
        assert "<script" not in document
    assert "&lt;script&gt;" in html_of(
        observed.pages["/debug/requests/"]({REST: kept["requestId"]})
    )


def test_an_unknown_request_is_a_404_that_leads_back(shop):
    page = shop().pages["/debug/requests/"]({REST: "unknown"})
    assert (page.status, [each.url for each in page.links]) == (404, ["/debug/requests"])


def test_links_lead_to_the_trace_and_to_the_logs(shop):
    observed = shop(
        trace_link="https://traces.test/{trace_id}?from={begin_ms}",
        logs_link="https://logs.test/?q={request_id}&to={end_ms}",
    )
    observed.get("/fail/anna")
    (kept,) = observed.kept()
    began_ms = int(kept["beganUnixSeconds"] * 1000)
    assert kept["links"]["Trace"] == (
        f"https://traces.test/{kept['traceId']}?from={began_ms - 60_000}"
    )
    assert kept["links"]["Logs"].startswith(f"https://logs.test/?q={kept['requestId']}&to=")


# --- the picture ----------------------------------------------------------------------------------
def members(**facts):
    return {
        "durationSeconds": 2.0,
        "beganUnixSeconds": 1_700_000_000.0,
        "phaseSeconds": {"db": 1.5, "cpu": 0.5},
        "snapshots": [
            {"ageSeconds": 1.0, "phaseSeconds": {"db": 1.0}, "state": "db for 1.000 s"},
        ],
        "events": [{"name": "hub.waited", "unixSeconds": 1_700_000_001.0}],
        **facts,
    }


def bars(svg):
    found = re.findall(r'class="(phase-[\w-]+)" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', svg)
    return [(name, float(x), float(width)) for name, x, width in found]


def test_a_phase_stands_between_the_snapshots_that_saw_it_grow():
    svg = waterfall(members())
    # 760 units are 2 s, from 130 on.
    assert bars(svg) == [
        ("phase-cpu", 510.0, 190.0),
        ("phase-db", 130.0, 380.0),
        ("phase-db", 700.0, 190.0),
    ]
    assert "hub.waited" in svg
    assert " style=" not in svg


def test_a_request_without_duration_has_a_picture():
    svg = waterfall(members(durationSeconds=0.0, phaseSeconds={}, snapshots=[], events=[]))
    assert svg.startswith("<svg ")


def test_times_of_a_short_request_differ_on_its_axis():
    svg = waterfall(
        members(durationSeconds=0.003, phaseSeconds={"cpu": 0.003}, snapshots=[], events=[])
    )
    assert re.findall(r">([0-9.]+ m?s)<", svg) == [
        "0.000 ms",
        "0.750 ms",
        "1.500 ms",
        "2.250 ms",
        "3.000 ms",
    ]


def test_the_page_begins_with_the_picture_and_the_same_as_a_table(shop):
    observed = shop()
    observed.get("/fail/anna")
    (kept,) = observed.kept()
    sections = observed.pages["/debug/requests/"]({REST: kept["requestId"]}).sections
    assert isinstance(sections[0], Drawing)
    assert [each.title for each in sections if isinstance(each, Table)] == [
        *("Seconds by phase", "Snapshots", "Log lines", "Events", "Facts"),
    ]
