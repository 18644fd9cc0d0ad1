"""The blog's posts in MongoDB.

Readers only ever see published posts. A page is found by the position of the last post before it, so it stays right while posts are
added, and costs the same however deep it is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo import DESCENDING
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError

from service.store.indexes import POSTS
from service.store.models import BlogPost

DUPLICATE_KEY = 11000


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the order of posts: newest first, then by slug downwards."""

    published_at: datetime
    slug: str


@dataclass(frozen=True, slots=True)
class Page:
    """Some posts, without their bodies.

    Args:
        posts: In order.
        next: Where the page after this one begins, or ``None`` when this is the last one.
    """

    posts: tuple[BlogPost, ...]
    next: Position | None


class Posts:
    """Repository of blog posts.

    Args:
        collection: Returns time-zone aware datetimes.
    """

    def __init__(self, collection: Collection[dict[str, Any]]) -> None:
        self._collection = collection

    def page(self, *, limit: int, after: Position | None = None, tag: str | None = None, category: str | None = None) -> Page:
        """Published posts, newest first.

        Args:
            limit: Posts on the page, at least 1.
            after: Where the page before this one ended.
            tag: Only posts that carry it.
            category: Only posts in it.

        Raises:
            pymongo.errors.ConnectionFailure: MongoDB does not answer.
        """
        found = self._collection.find(
            _published(after=after, tags=tag, category=category),
            {"body": False},
            sort=[("published_at", DESCENDING), ("_id", DESCENDING)],
            limit=limit + 1,
        )
        posts = [BlogPost.from_document(document) for document in found]
        last = posts[limit - 1] if len(posts) > limit else None
        return Page(tuple(posts[:limit]), Position(last.published_at, last.slug) if last else None)

    def get(self, slug: str) -> BlogPost | None:
        """The published post of that slug.

        Raises:
            pymongo.errors.ConnectionFailure: MongoDB does not answer.
        """
        document = self._collection.find_one({"_id": slug, "status": "published"})
        return BlogPost.from_document(document) if document else None

    def is_empty(self) -> bool:
        """Whether there is no post at all."""
        return self._collection.find_one({}, {"_id": True}) is None

    def add(self, posts: Iterable[BlogPost]) -> int:
        """Store posts; one whose slug is taken is left as it is.

        Returns:
            How many were stored.
        """
        documents = [post.to_document() for post in posts]
        try:
            return len(self._collection.insert_many(documents, ordered=False).inserted_ids)
        except BulkWriteError as error:
            if any(failed["code"] != DUPLICATE_KEY for failed in error.details["writeErrors"]):
                raise
            return int(error.details["nInserted"])

    def create_indexes(self) -> None:
        """Create what is missing; does nothing when all are there."""
        # One by one: FerretDB 1.24 panics on a createIndexes that names two indexes it already has.
        for index in POSTS:
            self._collection.create_indexes([index])


def _published(*, after: Position | None, **filters: str | None) -> Mapping[str, Any]:
    query: dict[str, Any] = {"status": "published"} | {name: value for name, value in filters.items() if value is not None}
    if after is not None:
        earlier = {"published_at": {"$lt": after.published_at}}
        same_instant = {"published_at": after.published_at, "_id": {"$lt": after.slug}}
        query["$or"] = [earlier, same_instant]
    return query
