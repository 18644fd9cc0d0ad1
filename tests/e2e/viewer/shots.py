"""The pages whose pictures are committed, and how each is drawn: one moment, both themes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playwright.sync_api import BrowserContext, FloatRect, Page

from dashboards import board_json
from tests.support.fixed_viewer.moment import TRACE_ID

FOLDER: Final = Path(__file__).parent / "pictures"
THEMES: Final = ("dark", "light")
WIDTH: Final = 1280
HEIGHT: Final = 900
# Every panel is in sight, so that every panel is read.
_TALL: Final = 6000
_MARGIN: Final = 16
_TRIES: Final = 20
_TIMEOUT_MS: Final = 180_000

ALL_READ: Final = """() => {
  const panels = [...document.querySelectorAll('[data-panel]')];
  return panels.length > 0 && panels.every((panel) => panel.dataset.panelState === 'Done');
}"""
_END: Final = """() => Math.max(
  ...[...document.querySelectorAll('main *')].map((one) => one.getBoundingClientRect().bottom),
)"""
# Canvases are drawn in the frame after their data or their theme have changed.
_DRAWN: Final = """() => document.fonts.ready.then(() => new Promise(
  (done) => requestAnimationFrame(() => requestAnimationFrame(() => done(undefined))),
))"""


@dataclass(frozen=True, slots=True)
class Shot:
    """One page.

    Args:
        name: Of its files, without theme.
        path: Address.
        ready: Selector of what is there once the page has read everything.
    """

    name: str
    path: str
    ready: str = "main h1"

    @property
    def is_board(self) -> bool:
        """Whether it is drawn to its end; other pages as far as the window shows them."""
        return self.path.startswith("/d/")

    def file(self, theme: str) -> Path:
        """Return the committed picture."""
        return FOLDER / f"{self.name}-{theme}.png"


def _boards() -> Iterator[Shot]:
    for file in board_json.files():
        board = board_json.load(file)
        rows = [f"&turned-row={one['id']}" for one in board["panels"] if one.get("collapsed")]
        yield Shot(f"board-{file.stem}", f"/d/{board['uid']}?refresh={''.join(rows)}")


SHOTS: Final = (
    *_boards(),
    Shot("boards", "/", "[data-board][data-known=true]"),
    Shot("alerts", "/alerts?refresh=", "[data-testid=alert-DatabaseSlow]"),
    Shot("runbook", "/runbooks/database-slow?refresh=", "[data-testid=runbook] h2"),
    Shot("search", "/search?q=%7B+duration+%3E+1s+%7D", "[data-testid=traces] td"),
    Shot("logs", "/logs?from=now-1h&to=now", "[data-testid=log-lines] li"),
    Shot("profile", "/profile?seconds=3600", "[data-testid=flame-graph]"),
    Shot("trace", f"/trace/{TRACE_ID}", "[data-testid=verdict]"),
    Shot("record", f"/record/{TRACE_ID}", "[data-testid=record]"),
)


def drawn(context: BrowserContext, shot: Shot) -> Iterator[tuple[str, "Drawing"]]:
    """Yield each theme with a page that is drawn in it."""
    page = opened(context, shot)
    for theme in THEMES:
        _use(page, theme)
        _wait(page, shot)
        yield theme, Drawing(page, shot)
    page.close()


def opened(context: BrowserContext, shot: Shot, width: int = WIDTH) -> Page:
    """Return a page of a width in pixels that has read everything."""
    page = context.new_page()
    page.set_default_timeout(_TIMEOUT_MS)
    page.set_viewport_size({"width": width, "height": _TALL if shot.is_board else HEIGHT})
    page.goto(shot.path, wait_until="commit")
    _wait(page, shot)
    return page


class Drawing:
    """A page that is drawn.

    Args:
        page: Has read everything.
        shot: Of the page.
    """

    def __init__(self, page: Page, shot: Shot) -> None:
        self._page = page
        end = min(int(page.evaluate(_END)) + _MARGIN, _TALL) if shot.is_board else HEIGHT
        self._clip: FloatRect = {"x": 0, "y": 0, "width": WIDTH, "height": end}

    def png(self) -> bytes:
        """Return its screenshot."""
        return self._page.screenshot(animations="disabled", clip=self._clip)

    def steady(self) -> bytes:
        """Return the screenshot after which the next one is the same."""
        last = b""
        for _ in range(_TRIES):
            now = self.png()
            if now == last:
                return now
            last = now
        raise AssertionError(f"{self._page.url} does not stop to change")


def _use(page: Page, theme: str) -> None:
    page.get_by_role("button", name=re.compile("^Use the .* theme$")).wait_for()
    button = page.get_by_role("button", name=f"Use the {theme} theme")
    if button.is_visible():
        button.click()
        # Away from the button, whose tooltip is no part of the page.
        page.mouse.move(1, HEIGHT - 1)


def _wait(page: Page, shot: Shot) -> None:
    if shot.is_board:
        page.wait_for_function(ALL_READ)
    page.locator(shot.ready).first.wait_for()
    busy = page.get_by_role("status").filter(has_text=re.compile("^(Reading|Loading)"))
    busy.first.wait_for(state="hidden")
    page.wait_for_load_state("networkidle")
    page.evaluate(_DRAWN)
