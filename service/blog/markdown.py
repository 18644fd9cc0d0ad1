"""Markdown as safe HTML: CommonMark and tables; raw HTML is escaped, and the result is sanitized.

A body is rendered once, when its post is written. Rendering is pure Python and costs 4 µs a byte of
prose (2 kB 8 ms, 100 kB 0.5 s; ``python -m bench.markdown``), so it runs in the hub's threadpool,
one text at a time: the thread shares the interpreter with the hub, which goes on at the
interpreter's 5 ms switch interval. No text is much worse: the worst known one of 100 kB (``![``
over and over) takes 2.5 s.

Source: CommonMark 0.31.2; OWASP's cheat sheet on cross-site scripting (allow lists, schemes of
URLs).
"""

from contextvars import copy_context
from typing import Final

import gevent
import nh3
from gevent.lock import BoundedSemaphore
from markdown_it import MarkdownIt

from telemetry import waiting

LONGEST_BODY_BYTES: Final = 100_000
MOST_CACHED: Final = 64
"""Cached renderings, each process, of posts that are older than the stored HTML."""

_TABLE: Final = {"table", "thead", "tbody", "tr", "th", "td"}
_TEXT: Final = {
    "p",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "blockquote",
    "ul",
    "ol",
    "li",
    "hr",
    "br",
    "pre",
    "code",
    "em",
    "strong",
}
_ATTRIBUTES: Final = {"a": {"href", "title"}, "img": {"src", "alt", "title"}, "ol": {"start"}}
# The renderer's own alignment of table cells; every other `style` is removed.
_ALIGNED: Final = {f"text-align:{side}" for side in ("left", "center", "right")}
_SCHEMES: Final = {"http", "https", "mailto"}
_LINK_REL: Final = "nofollow noopener noreferrer"


class Markdown:
    """Renders Markdown to safe HTML."""

    def __init__(self) -> None:
        self._parser = MarkdownIt("commonmark", {"html": False}).enable("table")
        self._cleaner = nh3.Cleaner(
            tags=_TABLE | _TEXT | set(_ATTRIBUTES),
            attributes=_ATTRIBUTES,
            tag_attribute_values={"th": {"style": _ALIGNED}, "td": {"style": _ALIGNED}},
            url_schemes=_SCHEMES,
            link_rel=_LINK_REL,
        )
        self._one_at_a_time = BoundedSemaphore(1)
        self._cache: dict[str, str] = {}

    def render(self, text: str) -> str:
        """Return the HTML of a text of at most ``LONGEST_BODY_BYTES``, without blocking the hub."""
        with waiting("threadpool"), self._one_at_a_time:
            html: str = gevent.get_hub().threadpool.apply(copy_context().run, (self._render, text))
        return html

    def render_cached(self, text: str) -> str:
        """Return the HTML of a text whose HTML is not stored, from a cache when possible."""
        html = self._cache.get(text)
        if html is None:
            html = self._cache[text] = self.render(text)
            if len(self._cache) > MOST_CACHED:
                del self._cache[next(iter(self._cache))]
        return html

    def _render(self, text: str) -> str:
        return self._cleaner.clean(self._parser.render(text))
