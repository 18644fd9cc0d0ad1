"""The blog's posts in MongoDB.

``page`` and ``get`` are the readers', who only ever see published posts; the others are for
writers. A page is found by the position of the last post before it, so it stays right while posts
are added, and costs the same however deep it is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pymongo import DESCENDING
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError, DuplicateKeyError

from service.blog.model import FIRST_REVISION, BlogPost, PostStatus
from service.mongo.cursor import Cursor
from service.mongo.indexes import POSTS

DUPLICATE_KEY = 11000


class SlugTaken(Exception):
    """There is a post of that slug."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some posts, without their bodies.

    Args:
        posts: In order.
        next: Where the page after this one begins, or ``None`` when this is the last one.
    """

    posts: tuple[BlogPost, ...]
    next: Cursor | None


class Posts:
    """Repository of blog posts.

    Args:
        collection: Returns time-zone aware datetimes.
    """

    def __init__(self, collection: Collection[dict[str, Any]]) -> None:
        self._collection = collection

    def page(
        self,
        *,
        limit: int,
        after: Cursor | None = None,
        tag: str | None = None,
        category: str | None = None,
    ) -> Page:
        """Published posts, newest first.

        Args:
            limit: Posts on the page, at least 1.
            after: Where the page before this one ended.
            tag: Only posts that carry it.
            category: Only posts in it.

        Raises:
            pymongo.errors.ConnectionFailure: MongoDB does not answer.
        """
        return self._page(_where("published", after=after, tags=tag, category=category), limit)

    def drafts(
        self, *, limit: int, after: Cursor | None = None, author_id: str | None = None
    ) -> Page:
        """Drafts, newest first; of one author, or all."""
        return self._page(_where("draft", after=after, author_id=author_id), limit)

    def get(self, slug: str) -> BlogPost | None:
        """The published post of that slug.

        Raises:
            pymongo.errors.ConnectionFailure: MongoDB does not answer.
        """
        document = self._collection.find_one({"_id": slug, "status": "published"})
        return BlogPost.from_document(document) if document else None

    def find(self, slug: str) -> BlogPost | None:
        """The post of that slug, whatever its status."""
        document = self._collection.find_one({"_id": slug})
        return BlogPost.from_document(document) if document else None

    def insert(self, post: BlogPost) -> None:
        """Store a new post.

        Raises:
            SlugTaken: There is one of its slug; it is left as it is.
        """
        try:
            self._collection.insert_one(post.to_document())
        except DuplicateKeyError:
            raise SlugTaken from None

    def replace(self, post: BlogPost, revision: str) -> bool:
        """Store a post in place of its revision so far; false when that is not there any more. On
        FerretDB this is not atomic.
        """
        return (
            self._collection.replace_one(
                _revision(post.slug, revision), post.to_document()
            ).matched_count
            == 1
        )

    def remove(self, slug: str, revision: str) -> bool:
        """Delete a revision of a post; false when it is not there any more."""
        return self._collection.delete_one(_revision(slug, revision)).deleted_count == 1

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

    def _page(self, query: Mapping[str, Any], limit: int) -> Page:
        found = self._collection.find(
            query,
            {"body": False, "html": False},
            sort=[("published_at", DESCENDING), ("_id", DESCENDING)],
            limit=limit + 1,
        )
        posts = [BlogPost.from_document(document) for document in found]
        last = posts[limit - 1] if len(posts) > limit else None
        return Page(tuple(posts[:limit]), Cursor(last.published_at, last.slug) if last else None)


def _revision(slug: str, revision: str) -> Mapping[str, Any]:
    # None also matches where there is no such member.
    return {
        "_id": slug,
        "revision": {"$in": [revision, None]} if revision == FIRST_REVISION else revision,
    }


def _where(status: PostStatus, *, after: Cursor | None, **filters: str | None) -> Mapping[str, Any]:
    query: dict[str, Any] = {"status": status} | {
        name: value for name, value in filters.items() if value is not None
    }
    if after is not None:
        earlier = {"published_at": {"$lt": after.at}}
        same_instant = {"published_at": after.at, "_id": {"$lt": after.key}}
        query["$or"] = [earlier, same_instant]
    return query
