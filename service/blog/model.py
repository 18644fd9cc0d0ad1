"""Blog posts: frozen and typed, without MongoDB's or Flask's own types."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from service.mongo.cursor import Cursor

PostStatus = Literal["draft", "published"]

FIRST_REVISION: Final = "0"
"""Revision of posts that were never changed: demo posts, and posts older than revisions."""


@dataclass(frozen=True, slots=True)
class BlogPost:
    """One article of the blog.

    Args:
        slug: Its name in URLs, and its ``_id``: unique without a second index.
        author: The name that readers see.
        body: Markdown; empty in a post that was read for an overview.
        published_at: In UTC, to the millisecond, as all instants here; drafts are sorted by it.
        html: The rendered body; empty in documents that are older than this field.
        author_id: Account of the author; empty for the demo posts, which have no owner.
        published_by: Account that published it; empty for a draft and for demo posts.
        created_at: ``None`` for demo posts, as ``updated_at`` is.
        revision: Differs after every change.
    """

    slug: str
    title: str
    summary: str
    category: str
    tags: tuple[str, ...]
    author: str
    status: PostStatus
    published_at: datetime
    body: str = ""
    html: str = ""
    author_id: str = ""
    published_by: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None
    revision: str = FIRST_REVISION


@dataclass(frozen=True, slots=True)
class PostPage:
    """One page of posts, without their bodies.

    Args:
        posts: In order.
        next: The end of this page, or ``None`` on the last page.
    """

    posts: tuple[BlogPost, ...]
    next: Cursor | None
