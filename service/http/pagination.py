"""Pages of lists: what they are asked for with, and how an answer says where the next one is. The
last page has no ``next``.

Source: RFC 8288 for the ``Link`` header.
"""

from typing import Annotated, Any, Final
from urllib.parse import urlencode

from flask import Response, url_for
from pydantic import BaseModel, ConfigDict, Field

from service.http import cursors
from service.mongo.cursor import Cursor

MOST_PER_PAGE: Final = 100
LINK: Final = {"Link": "The next page, as `next` (RFC 8288)."}
BEGINS: Final = "Where the page begins: out of a page's `next`."


class ListQuery(BaseModel):
    """What every page is asked for with; where it begins, a ``cursor`` of the list's own kind says."""

    model_config = ConfigDict(frozen=True)

    limit: Annotated[
        int, Field(ge=1, le=MOST_PER_PAGE, description="Most entries on the page.")
    ] = 20

    def url_at(self, endpoint: str, cursor: str | None, **path: Any) -> str | None:
        """URL of the page that begins at ``cursor``, with the same filters; ``None`` when there is
        none.

        Args:
            endpoint: Of the list.
            cursor: As the list takes it.
            path: The variable parts of its path.
        """
        if cursor is None:
            return None
        given: dict[str, Any] = self.model_dump(
            exclude_none=True, by_alias=True, exclude={"cursor"}
        ) | {"cursor": cursor}
        return f"{url_for(endpoint, **path)}?{urlencode(given)}"


class PageQuery(ListQuery):
    """What a page of things in the order of their time is asked for with."""

    cursor: Annotated[cursors.CursorText | None, Field(description=BEGINS)] = None

    @property
    def after(self) -> Cursor | None:
        """Where the page before this one ended."""
        return cursors.decode(self.cursor) if self.cursor else None

    def next_url(self, endpoint: str, last: Cursor | None, **path: Any) -> str | None:
        """URL of the page after ``last``; see ``url_at``."""
        return self.url_at(endpoint, cursors.encode(last) if last else None, **path)


def linked(response: Response, next_url: str | None) -> Response:
    """The answer with a ``Link`` to the next page, when there is one."""
    if next_url:
        response.headers["Link"] = f'<{next_url}>; rel="next"'
    return response
