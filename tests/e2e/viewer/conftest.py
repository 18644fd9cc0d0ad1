"""A browser in front of the shared stack's viewer: Debian's Chromium, driven by Playwright."""

import json
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.support.viewer_packages import installed

WIDTH, HEIGHT = 1440, 900
# A busy machine draws late; what a user would see as slow is measured elsewhere.
TIMEOUT_MS = 60_000


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium without a window."""
    executable = shutil.which("chromium")
    assert executable is not None, "the tests of the viewer need Debian's package chromium"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield chromium
        chromium.close()


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


def violations(page: Page) -> list[str]:
    """Return what axe finds on a page: contrast, names, keyboard; one line each."""
    axe = installed() / "axe-core" / "axe.min.js"
    page.evaluate(axe.read_text())
    found: dict[str, Any] = page.evaluate("() => axe.run()")
    return [
        f"{rule['id']}: {json.dumps([node['html'][:200] for node in rule['nodes'][:3]])}"
        for rule in found["violations"]
    ]
