"""Pages of posts: what they are asked for with, and how an answer says where the next one is. The last page has no ``next``.

Source: RFC 8288 for the ``Link`` header.
"""

from typing import Annotated, Any, Final
from urllib.parse import urlencode

from flask import Response, url_for
from pydantic import BaseModel, ConfigDict, Field

from service.blueprints import cursors
from service.store import Position

MOST_PER_PAGE: Final = 100
LINK: Final = {"Link": "The next page, as `next` (RFC 8288)."}


class PageQuery(BaseModel):
    """What a page is asked for with."""

    model_config = ConfigDict(frozen=True)

    limit: Annotated[int, Field(ge=1, le=MOST_PER_PAGE, description="Most posts on the page.")] = 20
    cursor: Annotated[cursors.Cursor | None, Field(description="Where the page begins: out of a page's `next`.")] = None

    @property
    def after(self) -> Position | None:
        """Where the page before this one ended."""
        return cursors.decode(self.cursor) if self.cursor else None

    def next_url(self, endpoint: str, position: Position | None) -> str | None:
        """URL of the page after ``position`` with the same filters; ``None`` when there is none."""
        if position is None:
            return None
        given: dict[str, Any] = self.model_dump(exclude_none=True, exclude={"cursor"}) | {"cursor": cursors.encode(position)}
        return f"{url_for(endpoint)}?{urlencode(given)}"


def linked(response: Response, next_url: str | None) -> Response:
    """The answer with a ``Link`` to the next page, when there is one."""
    if next_url:
        response.headers["Link"] = f'<{next_url}>; rel="next"'
    return response
