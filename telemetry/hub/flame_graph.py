"""A profile as a flame graph: one page without scripts or anything from elsewhere.

Its boxes are nested lists, so a browser that shows text alone shows an indented list. A box links
to the same page for its function alone.
"""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Final
from urllib.parse import urlencode

from telemetry.hub.profile import Counted, Stack

LEAST_SHARE: Final = 0.001
"""Boxes below this share of the whole are left out, and counted as their callers' own."""
MOST_BOXES: Final = 5000
MOST_DEPTH: Final = 64
WIDTHS: Final = 1000
"""Steps of a box's width: a class each, for the security policy allows no style of an element."""

BIAS: Final = (
    "One sample each 25 ms, of what the hub's thread runs in a turn; a hub that waits for events is"
    " in no sample. The sampling thread gets the interpreter when the hub gives it up: within calls"
    " that release it (sockets, compression), and otherwise at the earliest after 5 ms. So short"
    " work between two socket calls appears as the socket calls, and a call that keeps the"
    " interpreter appears as one sample at its end, with all of its time. Times are exact for what"
    " runs long, and estimates for what is short: compare routes and functions, not microseconds."
)

_STYLE: Final = """
:root{color-scheme:light dark;--page:#fff;--text:#1b1b1f;--quiet:#5a5a66;--line:#fff;
--cpu:#f4b266;--blocked:#e58e73;--gil:#b79ae0;--frozen:#8fc1e8}
@media(prefers-color-scheme:dark){:root{--page:#16161a;--text:#ececf1;--quiet:#a3a3b0;
--line:#16161a;--cpu:#8a5a1c;--blocked:#8c4632;--gil:#5f4690;--frozen:#2f6388}}
body{margin:1rem;background:var(--page);color:var(--text);font:14px/1.4 system-ui,sans-serif}
p{max-width:60rem}.quiet{color:var(--quiet)}
.flame,.flame ul{display:flex;list-style:none;margin:0;padding:0;width:100%}
.flame li{flex:0 0 auto;min-width:0;overflow:hidden;box-sizing:border-box}
.flame a{display:block;overflow:hidden;white-space:nowrap;text-overflow:ellipsis;height:1.35rem;
padding:0 .2rem;background:var(--cpu);color:var(--text);text-decoration:none;font-size:12px;
line-height:1.35rem;border:solid var(--line);border-width:0 1px 1px 0;box-sizing:border-box}
.flame a:hover,.flame a:focus{outline:2px solid var(--text);outline-offset:-2px}
.flame .blocked{background:var(--blocked)}.flame .gil{background:var(--gil)}
.flame .frozen{background:var(--frozen)}
table{border-collapse:collapse}td,th{text-align:left;padding:.1rem .8rem .1rem 0}
td.n,th.n{text-align:right}
"""


@dataclass(slots=True)
class Box:
    """One function within its callers.

    Args:
        nanoseconds: Time of it and of what it called.
        kinds: That time by kind.
        callees: By label.
    """

    nanoseconds: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    callees: dict[str, "Box"] = field(default_factory=dict)

    def add(self, nanoseconds: int, kind: str) -> None:
        """Add time."""
        self.nanoseconds += nanoseconds
        self.kinds[kind] = self.kinds.get(kind, 0) + nanoseconds


def tree_of(stacks: Iterable[tuple[Stack, Counted]]) -> Box:
    """Add stacks up to boxes within boxes."""
    root = Box()
    for stack, counted in stacks:
        box = root
        box.add(counted.nanoseconds, stack.kind)
        for label in stack.labels[:MOST_DEPTH]:
            box = box.callees.setdefault(label, Box())
            box.add(counted.nanoseconds, stack.kind)
    return root


def page(
    stacks: Iterable[tuple[Stack, Counted]],
    query: Mapping[str, str],
    *,
    title: str,
    facts: str,
    routes: Iterable[tuple[str, int]],
) -> tuple[str, str]:
    """Return the page and its Content-Security-Policy: no script, and no style but its own.

    Args:
        stacks: With their counts.
        query: Parameters of the page, for its links.
        title: Heading.
        facts: One paragraph: what is shown.
        routes: Routes with their nanoseconds, costliest first; for links.
    """
    root = tree_of(stacks)
    out = _Writer(root.nanoseconds, query)
    out.boxes(root)
    boxes = f'<ul class="flame">{"".join(out.parts)}</ul>' if root.nanoseconds else ""
    rows = "".join(
        f'<tr><td class="n">{nanoseconds / 1e9:.2f} s</td><td>'
        f'<a href="{_link(query, route=route)}">{escape(route)}</a></td></tr>'
        for route, nanoseconds in routes
    )
    style = _STYLE + "".join(
        f".w{width}{{width:{width / WIDTHS:.2%}}}" for width in sorted(out.widths)
    )
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{style}</style></head><body>"
        f'<p><a href="/debug/">Debug pages</a> · <a href="{_link(query, route="", frame="")}">'
        f'All routes</a> · <a href="{_link(query, format="collapsed")}">Collapsed stacks</a> · '
        f'<a href="{_link(query, format="pprof")}">pprof</a></p>'
        f"<h1>{escape(title)}</h1><p>{escape(facts)}</p>{boxes}"
        f'<h2>Routes</h2><table>{rows}</table><p class="quiet">{escape(BIAS)}</p>'
        "</body></html>\n"
    )
    return text, (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; frame-ancestors 'none'"
    )


class _Writer:
    """Writes boxes.

    Args:
        total: Nanoseconds of all.
        query: See ``page``.
    """

    def __init__(self, total: int, query: Mapping[str, str]) -> None:
        self.parts: list[str] = []
        self.widths: set[int] = set()
        self._total = max(1, total)
        self._query = query
        self._boxes = 0

    def boxes(self, parent: Box) -> None:
        """Write the callees of a box, in the order of their names."""
        for label, box in sorted(parent.callees.items()):
            share = box.nanoseconds / self._total
            if share < LEAST_SHARE or self._boxes >= MOST_BOXES:
                continue
            self._boxes += 1
            width = WIDTHS * box.nanoseconds // max(1, parent.nanoseconds)
            self.widths.add(width)
            kind = max(box.kinds, key=lambda each: box.kinds[each])
            text = f"{label} {share:.1%} ({box.nanoseconds / 1e9:.2f} s, {kind})"
            self.parts.append(
                f'<li class="w{width}"><a class="{kind}" title="{escape(text)}" '
                f'href="{_link(self._query, frame=label)}">{escape(text)}</a>'
            )
            if box.callees:
                self.parts.append("<ul>")
                self.boxes(box)
                self.parts.append("</ul>")
            self.parts.append("</li>\n")


def _link(query: Mapping[str, str], **changed: str) -> str:
    parameters = {name: value for name, value in {**query, **changed}.items() if value}
    return escape(f"?{urlencode(parameters)}")
