"""Ways from a sign to its cause, by mouse and keyboard, on fixed data."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from dashboards import board_json
from tests.e2e.viewer.clipped import clipped
from tests.e2e.viewer.conftest import BLOCKED, problems_of, violations
from tests.e2e.viewer.shots import HEIGHT, SHOTS, WIDTH, opened
from tests.support import chromium
from tests.support.fixed_viewer.moment import (
    MANY_SPANS,
    MANY_SPANS_TRACE_ID,
    NOW,
    REQUEST_ID,
    TRACE_ID,
)
from tests.support.polling import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

# Of a window that shows about twenty.
MOST_ROWS = 80
LAST_SPAN = f"find slots {MANY_SPANS - 1}"


def open_panel(page: Page, board: str, title: str) -> None:
    """Open one panel of a board alone."""
    loaded = board_json.load(board_json.GENERATED / f"{board}.json")
    (panel,) = [one for one in board_json.panels(loaded) if one["title"] == title]
    page.goto(f"/d/{loaded['uid']}?refresh=&viewPanel={panel['id']}", wait_until="commit")
    page.locator(f'[data-panel="{panel["id"]}"][data-panel-state=Done]').wait_for()


def click(page: Page, target: Locator) -> None:
    """Press the mouse where something is, whatever lies over it."""
    target.wait_for()
    box = target.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def test_click_on_a_dot_leads_to_its_trace_and_its_lines(fixed_page):
    open_panel(fixed_page, "service", "Latency, distribution")
    dot = fixed_page.locator(f'[data-trace="{TRACE_ID}"]')
    expect(dot).to_have_attribute("title", re.compile("^Exemplar 1.21 s at 00:37:17 /api"))
    click(fixed_page, dot)
    expect(fixed_page).to_have_url(re.compile(f"[?&]trace={TRACE_ID}"))
    drawer = fixed_page.get_by_role("dialog", name="Trace")
    rows = drawer.get_by_role("treegrid", name="Spans").get_by_role("row")
    expect(rows).to_have_count(2)
    expect(drawer.get_by_test_id("verdict")).to_contain_text("find posts kept this request waiting")

    click(fixed_page, drawer.get_by_role("tab", name=re.compile("^Log lines")))
    lines = drawer.get_by_test_id("log-lines").get_by_role("listitem")
    expect(lines).to_have_count(4)
    expect(lines.filter(has_text="GET /api/v1/blog/posts 200")).to_have_count(1)

    fixed_page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)
    expect(fixed_page).to_have_url(re.compile(r"\?refresh=&viewPanel=\d+$"))
    expect(dot).to_be_focused()


def test_trace_of_a_thousand_spans_scrolls_with_few_rows(fixed_page):
    fixed_page.goto(f"/trace/{MANY_SPANS_TRACE_ID}", wait_until="commit")
    spans = fixed_page.get_by_role("treegrid", name="Spans")
    expect(spans).to_have_attribute("aria-rowcount", str(MANY_SPANS))
    rows = spans.get_by_role("row")
    expect(rows.first).to_contain_text("POST /api/v1/sessions/bookings")
    assert rows.count() < MOST_ROWS

    box = spans.bounding_box()
    assert box is not None
    fixed_page.mouse.move(box["x"] + 50, box["y"] + 50)
    fixed_page.mouse.wheel(0, 1_000_000)
    expect(rows.last).to_contain_text(LAST_SPAN)
    expect(rows.last).to_be_in_viewport()
    assert rows.count() < MOST_ROWS


def test_trace_of_a_thousand_spans_is_walked_by_keyboard(fixed_page):
    fixed_page.goto(f"/trace/{MANY_SPANS_TRACE_ID}", wait_until="commit")
    spans = fixed_page.get_by_role("treegrid", name="Spans")
    selected = spans.locator("[role=row][aria-selected=true]")
    spans.focus()
    fixed_page.keyboard.press("End")
    expect(selected).to_contain_text(LAST_SPAN)
    expect(selected).to_be_in_viewport()
    fixed_page.keyboard.press("Home")
    expect(selected).to_contain_text("POST /api/v1/sessions/bookings")
    fixed_page.keyboard.press("PageDown")
    expect(selected).to_contain_text("find slots 020")
    expect(selected).to_be_in_viewport()
    assert spans.get_by_role("row").count() < MOST_ROWS
    fixed_page.keyboard.press("Home")
    fixed_page.keyboard.press("ArrowLeft")
    expect(spans).to_have_attribute("aria-rowcount", "1")
    fixed_page.keyboard.press("ArrowRight")
    expect(spans).to_have_attribute("aria-rowcount", str(MANY_SPANS))


def test_customers_id_leads_to_its_cause_in_two_clicks(fixed_page):
    open_panel(fixed_page, "home", "Where next?")
    click(fixed_page, fixed_page.get_by_label("Open the request with this id"))
    # As a paste does.
    fixed_page.keyboard.insert_text(f"X-Request-ID: {REQUEST_ID}")
    click(fixed_page, fixed_page.get_by_role("button", name="Open this request"))
    verdict = fixed_page.get_by_test_id("verdict")
    expect(verdict).to_contain_text("Slow: 1.21 s, status 200")
    expect(verdict).to_contain_text("590 ms (49 %) in db")
    expect(verdict).to_contain_text("find posts kept this request waiting 590 ms")


def test_alert_of_a_table_opens_on_the_page_of_alerts(fixed_page):
    open_panel(fixed_page, "home", "Alerts that fire")
    click(fixed_page, fixed_page.get_by_role("link", name="DatabaseSlow"))
    expect(fixed_page).to_have_url(re.compile(r"/alerts\?search=DatabaseSlow$"))
    expect(fixed_page.locator("[data-testid^=alert-]")).to_have_count(1)
    expect(fixed_page.get_by_test_id("alert-DatabaseSlow")).to_be_visible()


def test_alerts_that_are_for_no_person_are_listed_nowhere(fixed_page):
    for path, shown in (("/alerts?refresh=", "DatabaseSlow"), ("/", "DatabaseSlow")):
        fixed_page.goto(path, wait_until="commit")
        expect(fixed_page.locator("main").get_by_text(shown).first).to_be_visible()
        expect(fixed_page.locator("main")).not_to_contain_text("CauseFiredRecently")


@pytest.mark.parametrize(
    "shot", [one for one in SHOTS if not one.is_board], ids=lambda one: one.name
)
def test_page_does_nothing_that_its_policy_forbids(fixed_context, shot):
    """The fixture fails on what is blocked; boards are opened by the tests of their pictures."""
    opened(fixed_context, shot).close()


@pytest.mark.parametrize("width", [1280, 1920])
@pytest.mark.parametrize("shot", SHOTS, ids=lambda one: one.name)
def test_page_cuts_no_text(fixed_context, shot, width):
    page = opened(fixed_context, shot, width)
    # What is on other pages has any length, such as the functions of a profile.
    assert clipped(page, allow_titled=not shot.is_board) == []
    page.close()


def test_text_that_is_cut_is_noticed(fixed_page):
    fixed_page.set_content(
        """<main>
          <p style="width: 60px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap">
            an ellipsis</p>
          <div style="width: 60px; overflow: auto"><div style="width: 200px">wide</div></div>
          <p style="height: 6px; overflow: hidden">half a line</p>
          <p style="width: 1px; height: 1px; overflow: hidden">for screen readers</p>
          <div style="height: 20px; overflow-y: auto"><p>seen</p><p>below</p></div>
          <p style="width: 80px; overflow: hidden; display: -webkit-box; -webkit-line-clamp: 1;
            -webkit-box-orient: vertical; line-height: 20px">clamped to one line</p>
          <p title="a whole title" style="width: 9px; overflow: hidden">a whole title</p>
        </main>"""
    )
    cut = {"P: an ellipsis", "P: half a line", "P: clamped to one line", "DIV: 140 px to the side"}
    assert set(clipped(fixed_page, allow_titled=True)) == cut
    assert set(clipped(fixed_page)) == cut | {"P: a whole title"}


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_button_with_the_focus_is_readable(fixed_page, theme):
    fixed_page.goto(f"/search?theme={theme}")
    fixed_page.get_by_role("button", name="Run").click()
    fixed_page.get_by_test_id("traces").locator("tr").nth(1).wait_for()
    assert violations(fixed_page) == []


def test_what_the_policy_forbids_is_noticed(browser, fixed_viewer):
    with chromium.at_moment(browser, fixed_viewer, NOW, WIDTH, HEIGHT) as context:
        problems = problems_of(context)
        page = context.new_page()
        page.goto("/licences.txt")
        # In a task of the page: the policy does not hold for what a debugger evaluates.
        page.evaluate("() => setTimeout(() => { try { new Function('1') } catch {} })")
        wait_until(
            lambda: page.wait_for_timeout(50) or problems, what="the blocked script is noticed"
        )
    assert all("eval" in each or each.startswith(BLOCKED) for each in problems)
