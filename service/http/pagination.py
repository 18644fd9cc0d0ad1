"""Pages of lists: the query parameters of a page, and the ``Link`` to the next one.

The last page has no ``next``.

Source: RFC 8288 for the ``Link`` header.
"""

from typing import Annotated, Any, Final
from urllib.parse import urlencode

from flask import Response, url_for
from pydantic import BaseModel, ConfigDict, Field

from service.http import cursors
from service.mongo.cursor import Cursor

MAX_PER_PAGE: Final = 100
LINK: Final = {"Link": "URL of the next page, as `next` (RFC 8288)."}
CURSOR_DESCRIPTION: Final = "Start of the page, from the `next` link of the page before."


class ListQuery(BaseModel):
    """Query parameters of every page; a list adds a ``cursor`` of its own type."""

    model_config = ConfigDict(frozen=True)

    limit: Annotated[
        int, Field(ge=1, le=MAX_PER_PAGE, description="Maximum number of entries on the page.")
    ] = 20

    def url_at(self, endpoint: str, cursor: str | None, **path: Any) -> str | None:
        """Build the URL of the page at a cursor, with the same filters.

        Args:
            endpoint: Flask endpoint of the list.
            cursor: Cursor in the list's format; ``None`` when there is no further page.
            path: Variable parts of the list's path.

        Returns:
            The URL; ``None`` without a cursor.
        """
        if cursor is None:
            return None
        given: dict[str, Any] = self.model_dump(
            exclude_none=True, by_alias=True, exclude={"cursor"}
        ) | {"cursor": cursor}
        return f"{url_for(endpoint, **path)}?{urlencode(given)}"


class PageQuery(ListQuery):
    """Query parameters of a page of entries sorted by time."""

    cursor: Annotated[cursors.CursorText | None, Field(description=CURSOR_DESCRIPTION)] = None

    @property
    def after(self) -> Cursor | None:
        """The last entry of the page before this one."""
        return cursors.decode(self.cursor) if self.cursor else None

    def next_url(self, endpoint: str, last: Cursor | None, **path: Any) -> str | None:
        """Build the URL of the page after ``last``; see ``url_at``."""
        return self.url_at(endpoint, cursors.encode(last) if last else None, **path)


def with_next_link(response: Response, next_url: str | None) -> Response:
    """Add a ``Link`` header to the next page, when there is one, and return the response."""
    if next_url:
        response.headers["Link"] = f'<{next_url}>; rel="next"'
    return response
