"""Debian's Chromium without a window, driven by Playwright."""

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from playwright.sync_api import Browser, BrowserContext, sync_playwright

from stack import debian

# Text has the same shapes on each machine: no hinting, no subpixels, one colour profile.
_ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--font-render-hinting=none",
    "--disable-lcd-text",
    "--force-color-profile=srgb",
)


@contextmanager
def launched() -> Iterator[Browser]:
    """Yield a running Chromium.

    Raises: AssertionError when it is not installed.
    """
    executable = debian.find("chromium")
    assert executable is not None, "the tests of the viewer need Debian's package chromium"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=_ARGUMENTS)
        yield chromium
        chromium.close()


@contextmanager
def at_moment(
    browser: Browser, url: str, seconds: float, width: int, height: int
) -> Iterator[BrowserContext]:
    """Yield a context whose clock stands still, without animations, in UTC and English.

    Args:
        browser: Runs.
        url: Of the viewer, without path.
        seconds: Since 1970; timers go on.
        width: Of the window, in pixels.
        height: Of the window, in pixels.
    """
    context = browser.new_context(
        base_url=url,
        viewport={"width": width, "height": height},
        color_scheme="dark",
        reduced_motion="reduce",
        timezone_id="UTC",
        locale="en-GB",
    )
    context.clock.set_fixed_time(datetime.datetime.fromtimestamp(seconds, datetime.UTC))
    yield context
    context.close()
