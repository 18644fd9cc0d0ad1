"""Markdown as HTML that any page may show: CommonMark and tables, no HTML of the writer's own, and
what comes out is made safe again.

Rendering is done once, when a post is written. It is Python and costs 4 µs a byte of prose (2 kB 8
ms, 100 kB 0.5 s; ``python -m bench.markdown``), so it runs in the hub's threadpool, one at a time:
there it shares the interpreter with the hub, which goes on within the interpreter's 5 ms turns. No
text is much worse: of 100 kB the worst known (``![`` over and over) takes 2.5 s.

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
MOST_REMEMBERED: Final = 64
"""Texts whose HTML is not stored, because they were written before it was: so many are rendered
once a process.
"""

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
# How the renderer aligns a table's cells; nothing else of `style` comes through.
_ALIGNED: Final = {f"text-align:{side}" for side in ("left", "center", "right")}
_SCHEMES: Final = {"http", "https", "mailto"}
_LINK_REL: Final = "nofollow noopener noreferrer"


class Markdown:
    """Renders Markdown."""

    def __init__(self) -> None:
        self._parser = MarkdownIt("commonmark", {"html": False}).enable("table")
        self._cleaner = nh3.Cleaner(
            tags=_TABLE | _TEXT | set(_ATTRIBUTES),
            attributes=_ATTRIBUTES,
            tag_attribute_values={"th": {"style": _ALIGNED}, "td": {"style": _ALIGNED}},
            url_schemes=_SCHEMES,
            link_rel=_LINK_REL,
        )
        self._turn = BoundedSemaphore(1)
        self._remembered: dict[str, str] = {}

    def render(self, text: str) -> str:
        """The HTML of a text, of ``LONGEST_BODY_BYTES`` at most; the hub goes on meanwhile."""
        with waiting("threadpool"), self._turn:
            html: str = gevent.get_hub().threadpool.apply(copy_context().run, (self._render, text))
        return html

    def remembered(self, text: str) -> str:
        """The same, for a text that is asked for again and again and whose HTML nobody stores."""
        html = self._remembered.get(text)
        if html is None:
            html = self._remembered[text] = self.render(text)
            if len(self._remembered) > MOST_REMEMBERED:
                del self._remembered[next(iter(self._remembered))]
        return html

    def _render(self, text: str) -> str:
        return self._cleaner.clean(self._parser.render(text))
