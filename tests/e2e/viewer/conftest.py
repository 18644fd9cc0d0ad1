"""A browser in front of the shared stack's viewer, and of one with fixed answers."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from tests.e2e.viewer.fixed import served
from tests.e2e.viewer.shots import HEIGHT as SHOT_HEIGHT
from tests.e2e.viewer.shots import WIDTH as SHOT_WIDTH
from tests.support import chromium
from tests.support.fixed_viewer.moment import NOW
from tests.support.viewer_packages import installed

WIDTH, HEIGHT = 1440, 900
# A busy machine draws late; what a user would see as slow is measured elsewhere.
TIMEOUT_MS = 60_000

BLOCKED = "blocked by the policy:"
# Chromium reports some of what it blocks by this event alone, without a line in the console.
REPORT_BLOCKED = f"""document.addEventListener('securitypolicyviolation', (event) =>
  console.error('{BLOCKED}', event.effectiveDirective, event.blockedURI, event.sample))"""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium without a window."""
    with chromium.launched() as running:
        yield running


@pytest.fixture(params=["dark", "light"])
def theme(request: pytest.FixtureRequest) -> str:
    """Each theme in turn."""
    return str(request.param)


@pytest.fixture
def page(browser: Browser, stack) -> Iterator[Page]:
    """A page of the viewer, whose scripts may not fail."""
    context = browser.new_context(
        base_url=stack.url("viewer"), viewport={"width": WIDTH, "height": HEIGHT}
    )
    context.set_default_timeout(TIMEOUT_MS)
    expect.set_options(timeout=TIMEOUT_MS)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    errors: list[str] = []
    shown = context.new_page()
    shown.on("pageerror", lambda error: errors.append(str(error)))
    yield shown
    context.close()
    assert errors == []


@pytest.fixture(scope="session")
def fixed_viewer() -> Iterator[str]:
    """The URL of a viewer with fixed answers, which needs no stack."""
    with served() as url:
        yield url


@pytest.fixture
def fixed_context(browser: Browser, fixed_viewer: str) -> Iterator[BrowserContext]:
    """Pages of that viewer at its moment, none of which may fail or do what its policy forbids."""
    with chromium.at_moment(browser, fixed_viewer, NOW, SHOT_WIDTH, SHOT_HEIGHT) as context:
        context.set_default_timeout(TIMEOUT_MS)
        expect.set_options(timeout=TIMEOUT_MS)
        problems = problems_of(context)
        yield context
    assert problems == []


@pytest.fixture
def fixed_page(fixed_context: BrowserContext) -> Page:
    """One page of the viewer with fixed answers."""
    return fixed_context.new_page()


def problems_of(context: BrowserContext) -> list[str]:
    """Return a list that gets what fails, and what is blocked, on each page of a context."""
    problems: list[str] = []

    def check(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or message.text.startswith(BLOCKED):
            problems.append(message.text)

    context.add_init_script(REPORT_BLOCKED)
    context.on("console", check)
    context.on("weberror", lambda error: problems.append(str(error.error)))
    return problems


def violations(page: Page) -> list[str]:
    """Return what axe finds on a page: contrast, names, keyboard; one line each."""
    axe = installed() / "axe-core" / "axe.min.js"
    # Off every button: colours on the way to those of another state are not the page's.
    page.mouse.move(1, HEIGHT - 1)
    page.wait_for_timeout(300)
    page.wait_for_function(
        "() => document.getAnimations().every(one => one.playState !== 'running')"
    )
    page.evaluate(axe.read_text())
    found: dict[str, Any] = page.evaluate("() => axe.run()")
    return [
        f"{rule['id']}: {json.dumps([node['html'][:200] for node in rule['nodes'][:3]])}"
        for rule in found["violations"]
    ]
