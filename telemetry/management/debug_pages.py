"""The debug pages of one worker: which path shows which, as HTML or as JSON.

Not ``Accept`` alone decides: ``format=html`` and ``format=json`` in the query come first, so that a
link can ask for either.
"""

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import parse_qsl

from telemetry.debug_page import REST, DebugPage, File, Link, Page, Query, Table
from telemetry.management.html import page_html
from telemetry.management.protocol import Request, Response, json_response
from telemetry.management.style import POLICY

INDEX: Final = "/debug/"
MOST_PARAMETERS: Final = 32

_SECURITY: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class DebugPages:
    """Finds and renders the pages.

    Args:
        pages: By path; see ``DebugPage``.
        others: Paths below ``/debug/`` that are no pages, for the index.
    """

    def __init__(self, pages: Mapping[str, DebugPage], others: Sequence[str]) -> None:
        self._pages: dict[str, DebugPage] = {INDEX: self._index, **pages}
        self.paths = sorted(path for path in self._pages if path == INDEX or path[-1] != "/")
        self._others = others

    def response(self, request: Request) -> Response | None:
        """Return the response to a request; ``None`` where no page has its path."""
        query = _query_of(request)
        page = self._pages.get(request.path)
        if page is None:
            folder, _, rest = request.path.rpartition("/")
            page = self._pages.get(f"{folder}/") if folder != INDEX.rstrip("/") else None
            query[REST] = rest
        if page is None:
            return None
        shown = page(query)
        if isinstance(shown, File):
            return Response(200, shown.content_type, [shown.body], {**_SECURITY, **shown.headers})
        return self._rendered(shown, request, query)

    def _rendered(self, page: Page, request: Request, query: Query) -> Response:
        if not _wants_html(request, query):
            response = json_response(page.status, page.data)
            return Response(
                response.status, response.content_type, response.body, {**_SECURITY, **_VARY}
            )
        return Response(
            page.status,
            "text/html; charset=utf-8",
            [page_html(page, path=request.path, paths=self.paths)],
            {**_SECURITY, **_VARY, "Content-Security-Policy": POLICY},
        )

    def _index(self, _: Query) -> Page:
        paths = [*(path for path in self.paths if path != INDEX), *self._others]
        return Page(
            "Debug pages of this worker",
            [Table("Pages", ["path"], [[Link(path, path)] for path in sorted(paths)])],
            {"paths": sorted(paths)},
            summary="As HTML for people; as JSON with format=json, or without text/html in Accept.",
        )


_VARY: Final = {"Vary": "Accept"}


def _query_of(request: Request) -> dict[str, str]:
    parameters = parse_qsl(request.query, keep_blank_values=True, max_num_fields=None)
    return dict(parameters[:MOST_PARAMETERS])


def _wants_html(request: Request, query: Query) -> bool:
    form = query.get("format", "")
    if form in ("html", "json"):
        return form == "html"
    return "text/html" in request.headers.get("accept", "").lower()
