"""From a customer's request id, a search, a line, an alert or a profile to what was the cause."""

import re
import time
import uuid

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.e2e.accounts import new_member
from tests.e2e.traces import trace_id_of, wait_for_trace
from tests.e2e.viewer.conftest import violations
from tests.support.polling import TIMEOUT_SECONDS, wait_until

pytestmark = pytest.mark.e2e

MESSAGE = {"message": "What helps against a short night?"}


@pytest.fixture(scope="module")
def failed_request(stack) -> str:
    """The id of a request that failed because the model of the companion did."""
    member = new_member(stack.url("service"))
    behaviour = f"{stack.url('model').removesuffix('/v1')}/behaviour"
    requests.put(behaviour, json={"status": 500}, timeout=60).raise_for_status()
    try:
        response = requests.post(
            f"{stack.url('service')}/api/v1/companion/messages",
            json=MESSAGE,
            headers=member.headers,
            timeout=TIMEOUT_SECONDS,
        )
    finally:
        requests.delete(behaviour, timeout=60).raise_for_status()
    assert response.status_code >= 500
    request_id = response.headers["X-Request-ID"]
    wait_for_trace(stack.url("tempo"), trace_id_of(request_id), spans=2)
    wait_until(lambda: lines_in_loki(stack, request_id), what="its lines in Loki")
    return request_id


def lines_in_loki(stack, text: str) -> int:
    """Return the number of streams with a line that contains a text."""
    parameters = {
        "query": f'{{service_name=~".+"}} |= "{text}"',
        "start": int((time.time() - 3600) * 1e9),
    }
    url = f"{stack.url('loki')}/loki/api/v1/query_range"
    found = requests.get(url, params=parameters, timeout=60).json()
    return len(found["data"]["result"])


def open_page(page: Page, path: str, theme: str = "dark") -> None:
    """Open a page and wait until it has read what it shows."""
    separator = "&" if "?" in path else "?"
    page.goto(f"{path}{separator}theme={theme}", wait_until="commit")
    expect(page.locator("h1").first).to_be_visible()
    expect(
        page.get_by_role("status").filter(has_text=re.compile("^(Reading|Loading)"))
    ).to_have_count(0)


def test_customers_id_leads_to_its_cause_record_and_lines(page, failed_request, theme):
    open_page(page, "/alerts", theme)
    page.keyboard.press("/")
    page.keyboard.type(f"X-Request-ID: {failed_request}")
    page.keyboard.press("Enter")
    verdict = page.get_by_test_id("verdict")
    expect(verdict).to_contain_text(re.compile(r"Failed with 50\d after"))
    expect(verdict).to_contain_text("chat")
    expect(page.get_by_role("row", name="POST /api/v1/companion/messages")).to_be_visible()

    page.get_by_role("tab", name="Record").click()
    expect(page.get_by_test_id("record")).to_contain_text("kept because it was failed")
    page.get_by_role("tab", name=re.compile("Log lines")).click()
    expect(page.get_by_test_id("log-lines")).to_contain_text(
        re.compile("POST /api/v1/companion/messages 50")
    )
    assert violations(page) == []


def test_spans_are_walked_by_keyboard_found_and_linked_by_the_address(page, failed_request):
    open_page(page, f"/trace/{failed_request}")
    spans = page.get_by_role("treegrid", name="Spans")
    spans.focus()
    page.keyboard.press("Home")
    expect(page.get_by_test_id("span-detail")).to_contain_text("POST /api/v1/companion/messages")
    page.keyboard.press("ArrowLeft")
    expect(spans.get_by_role("row")).to_have_count(1)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("End")
    last = page.get_by_test_id("span-detail").get_by_role("heading").first.inner_text()
    page.reload()
    expect(page.get_by_test_id("span-detail").get_by_role("heading").first).to_have_text(last)
    page.get_by_label("Find in the spans").fill("chat")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("span-detail").get_by_role("heading").first).to_contain_text("chat")


def test_unknown_id_is_explained(page):
    open_page(page, f"/trace/{uuid.uuid4()}")
    expect(page.get_by_text("Nothing is known of this request")).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_be_visible()


def test_search_finds_the_failed_request(page, failed_request, theme):
    open_page(page, "/search", theme)
    found = page.get_by_test_id("traces").locator("tr", has_text=trace_id_of(failed_request)[:12])

    def is_found() -> bool:
        page.get_by_role("button", name="Failed", exact=True).click()
        page.get_by_role("button", name="Run").click()
        page.wait_for_timeout(1000)
        return found.count() == 1

    wait_until(is_found, what="the trace among the failed ones")
    assert violations(page) == []
    found.get_by_role("link").click()
    expect(page.get_by_test_id("verdict")).to_contain_text("Failed with")


def test_search_reports_what_is_wrong_with_a_query(page):
    open_page(page, "/search?q=%7B+duration+%3E+")
    expect(page.get_by_role("alert")).to_contain_text("Tempo did not accept this query")


def test_line_opens_to_its_fields_filters_by_them_and_leads_to_its_trace(
    page, failed_request, theme
):
    open_page(
        page, f"/logs?q=%7Bservice_name%3D~%22.%2B%22%7D+%7C%3D+%22{failed_request}%22", theme
    )
    lines = page.get_by_test_id("log-lines").get_by_role("listitem")
    access = lines.filter(has_text="access").first
    access.get_by_role("button").first.click()
    assert violations(page) == []
    access.get_by_role("button", name="Only lines with this http_route").click()
    expect(page.get_by_label("Query in LogQL")).to_have_value(re.compile(r'\| http_route="/api'))
    page.get_by_test_id("log-lines").get_by_role(
        "link", name=re.compile("Open the trace")
    ).first.click()
    expect(page.get_by_test_id("verdict")).to_contain_text("Failed with")


def test_alerts_are_those_of_prometheus_and_lead_to_runbook_and_board(page, theme):
    open_page(page, "/alerts", theme)
    alert = page.get_by_test_id("alert-DatabaseSlow")
    expect(alert).to_contain_text("DatabaseSlow")
    assert violations(page) == []
    alert.get_by_role("link", name="Runbook of DatabaseSlow").click()
    runbook = page.get_by_test_id("runbook")
    expect(runbook.get_by_role("heading").first).to_be_visible()
    expect(page.get_by_test_id("alert-DatabaseSlow")).to_be_visible()
    assert violations(page) == []
    assert runbook.locator("script, iframe, object").count() == 0


def test_planted_alert_is_firing_with_its_board(page):
    def plant(route) -> None:
        response = route.fetch()
        answer = response.json()
        for group in answer["data"]["groups"]:
            for rule in group["rules"]:
                if rule["name"] == "DatabaseSlow":
                    rule["alerts"] = [planted(rule)]
        route.fulfill(response=response, json=answer)

    page.route("**/prom/api/v1/rules**", plant)
    open_page(page, "/alerts?state=firing")
    alert = page.get_by_test_id("alert-DatabaseSlow")
    expect(alert).to_contain_text("firing")
    expect(alert).to_contain_text("It is slow")
    alert.get_by_role("link", name="Board of DatabaseSlow").click()
    expect(page).to_have_url(re.compile(r"/d/serene-mongodb\?from=now-1h"))


def planted(rule: dict) -> dict:
    """Return a firing alert of a rule, as Prometheus would."""
    return {
        "labels": {"alertname": rule["name"], "service_name": "serene", **rule["labels"]},
        "annotations": {
            "summary": "It is slow",
            "board": "/d/serene-mongodb?from=now-1h&to=now",
            "runbook": rule["annotations"]["runbook"],
        },
        "state": "firing",
        "activeAt": "2026-01-01T00:00:00Z",
        "value": "1e+00",
    }


@pytest.mark.usefixtures("demo_traffic")
def test_profile_shows_what_a_route_ran(page, theme):
    open_page(page, "/profile?seconds=3600", theme)
    routes = page.get_by_role("region", name="Routes")
    route = routes.get_by_role("button", name="/api/v1/blog/posts").first
    wait_until(lambda: route.is_visible() or page.reload(), what="a profile of the route")
    route.click()
    graph = page.get_by_test_id("flame-graph")
    expect(graph.get_by_role("button", name=re.compile("flask.app"))).not_to_have_count(0)
    graph.get_by_label("Find a function").fill("flask.app")
    expect(graph.get_by_role("status")).to_contain_text("of the time")
    assert violations(page) == []
