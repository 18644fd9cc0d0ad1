"""`serene pictures`: the README's pictures, of a running stack with a fault pressed.

It needs the development packages' Playwright and Debian's Chromium; the stack and its traffic run
already.
"""

import argparse
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import requests
from playwright.sync_api import Page, sync_playwright

from stack import debian, paths
from stack.errors import StackError
from stack.progress import Progress
from stack.runner import Stack

FOLDER: Final = paths.ROOT / "docs" / "images"
_WIDTH, _HEIGHT = 1280, 800
_SECONDS = 60
_SLOW: Final = (
    '{resource.service.name="serene" && kind=server && duration > 1s'
    ' && span.http.route !~ ".*/(health|companion).*"}'
)
"""What the flight recorder keeps; replies of a model may take a second."""
_READ: Final = """() => {
  const seen = [...document.querySelectorAll('[data-panel]')].filter(
    (panel) => panel.getBoundingClientRect().top < innerHeight,
  );
  const boards = [...document.querySelectorAll('[data-board]')];
  return (
    seen.length + boards.length > 0 &&
    seen.every((panel) => panel.dataset.panelState !== 'Loading') &&
    boards.every((board) => board.dataset.known === 'true')
  );
}"""

_SHORTEN: Final = r"""(root) => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode;
    text.data = text.data.replaceAll(root, '').replaceAll(/\S*\/site-packages\//g, '');
  }
}"""
"""Where this machine keeps the code is not shown."""


def pictures(options: argparse.Namespace) -> int:
    """Write docs/images/viewer-*.png. Returns: 0."""
    stack = Stack(options.port_offset)
    result = stack.probe_ready("viewer")
    if not result.ready:
        raise StackError(f"the viewer {result.detail}: start it with ./serene up and ./serene load")
    trace = _slow_trace(stack)
    shots = {
        "viewer-boards.png": "/",
        "viewer-service.png": "/d/serene-service?from=now-15m&to=now&refresh=",
        "viewer-trace.png": f"/trace/{trace}",
        "viewer-record.png": f"/record/{trace}",
    }
    progress = Progress(steps=len(shots))
    with _page(stack.url("viewer")) as page:
        for name, path in shots.items():
            with progress.step(f"Drawing {name}"):
                _shoot(page, path, FOLDER / name)
    return 0


def _slow_trace(stack: Stack) -> str:
    """Return the longest of the last slow traces. Raises: StackError without a slow trace."""
    answer = requests.get(
        f"{stack.url('tempo')}/api/search", params={"q": _SLOW, "limit": "50"}, timeout=_SECONDS
    )
    answer.raise_for_status()
    found = answer.json().get("traces", [])
    if not found:
        raise StackError(
            "no request was slow: ./serene load and ./serene fault on slow-mongodb first"
        )
    longest = max(found, key=lambda trace: int(trace.get("durationMs", 0)))
    # Tempo leaves leading zeros out.
    return str(longest["traceID"]).rjust(32, "0")


@contextmanager
def _page(url: str) -> Iterator[Page]:
    chromium = debian.find("chromium")
    if chromium is None:
        raise StackError("the pictures need Chromium: install Debian's package chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context(
            base_url=url,
            viewport={"width": _WIDTH, "height": _HEIGHT},
            color_scheme="dark",
            reduced_motion="reduce",
        )
        page = context.new_page()
        page.set_default_timeout(_SECONDS * 1000)
        yield page
        browser.close()


def _shoot(page: Page, path: str, file: Path) -> None:
    page.goto(path)
    if path == "/" or path.startswith("/d/"):
        page.wait_for_function(_READ)
    page.wait_for_load_state("networkidle")
    busy = page.get_by_role("status").filter(has_text=re.compile("^(Reading|Loading)"))
    busy.first.wait_for(state="hidden")
    page.evaluate(_SHORTEN, f"{paths.ROOT}/")
    page.screenshot(path=file)
