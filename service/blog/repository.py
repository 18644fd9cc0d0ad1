"""The blog's posts in MongoDB.

``page`` and ``get`` return published posts only; the other methods are for the editor. A page
starts after the last post of the page before it, so it stays right while posts are added, and its
cost does not grow with its depth.

A tag and a category are found by their search keys, which are stored beside them: in any case,
width and normalization.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, fields
from typing import Any, Final

from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError, DuplicateKeyError

from service.blog.model import FIRST_REVISION, BlogPost, PostPage, PostStatus
from service.http.characters import search_key
from service.mongo.cursor import Cursor
from service.mongo.indexes import Indexes

DUPLICATE_KEY: Final = 11000

# An index covers every query on a prefix of its keys, so there is no single-field index beside
# these; a post's slug is its ``_id`` and has MongoDB's own unique index. A page is sorted by
# ``_id`` within one instant, which no index holds: MongoDB keeps the best ``limit`` posts while it
# scans, which costs less than a wider key in every index for posts that rarely share an instant.
INDEXES: Final = (
    IndexModel([("status", ASCENDING), ("published_at", DESCENDING)]),
    IndexModel([("category_key", ASCENDING), ("status", ASCENDING), ("published_at", DESCENDING)]),
    IndexModel([("tag_keys", ASCENDING), ("status", ASCENDING), ("published_at", DESCENDING)]),
    IndexModel([("author", ASCENDING), ("status", ASCENDING)]),
    IndexModel([("author_id", ASCENDING), ("status", ASCENDING), ("published_at", DESCENDING)]),
)


class SlugTaken(Exception):
    """Another post has that slug."""


class PostRepository:
    """Repository of blog posts.

    Args:
        collection: Returns time-zone aware datetimes.
        public: Returns the collection as the current request may read published posts.
    """

    def __init__(
        self,
        collection: Collection[dict[str, Any]],
        public: Callable[[], Collection[dict[str, Any]]],
    ) -> None:
        self._collection = collection
        self._public = public

    def page(
        self,
        *,
        limit: int,
        after: Cursor | None = None,
        tag: str | None = None,
        category: str | None = None,
    ) -> PostPage:
        """Return published posts, newest first.

        Args:
            limit: Posts on the page, at least 1.
            after: The end of the page before this one.
            tag: Only posts with this tag, whatever its case.
            category: Only posts in this category, whatever its case.

        Raises:
            pymongo.errors.ConnectionFailure: MongoDB does not answer.
        """
        filters = {
            name: search_key(word)
            for name, word in (("tag_keys", tag), ("category_key", category))
            if word is not None
        }
        return _page(self._public(), _query("published", after=after, **filters), limit)

    def drafts(
        self, *, limit: int, after: Cursor | None = None, author_id: str | None = None
    ) -> PostPage:
        """Return drafts, newest first; of one author, or all."""
        return _page(self._collection, _query("draft", after=after, author_id=author_id), limit)

    def get(self, slug: str) -> BlogPost | None:
        """Return the published post with that slug.

        Raises:
            pymongo.errors.ConnectionFailure: MongoDB does not answer.
        """
        document = self._public().find_one({"_id": slug, "status": "published"})
        return post_from_document(document) if document else None

    def find(self, slug: str) -> BlogPost | None:
        """Return the post with that slug, whatever its status."""
        document = self._collection.find_one({"_id": slug})
        return post_from_document(document) if document else None

    def insert(self, post: BlogPost) -> None:
        """Store a new post.

        Raises:
            SlugTaken: Another post has its slug; that post is not changed.
        """
        try:
            self._collection.insert_one(document_from_post(post))
        except DuplicateKeyError:
            raise SlugTaken from None

    def replace(self, post: BlogPost, revision: str) -> bool:
        """Replace one revision of a post; false when that revision is gone.

        On FerretDB this is not atomic.
        """
        result = self._collection.replace_one(
            _revision_query(post.slug, revision), document_from_post(post)
        )
        return result.matched_count == 1

    def remove(self, slug: str, revision: str) -> bool:
        """Delete one revision of a post; false when that revision is gone."""
        return self._collection.delete_one(_revision_query(slug, revision)).deleted_count == 1

    def is_empty(self) -> bool:
        """Return whether the blog has no post at all."""
        return self._collection.find_one({}, {"_id": True}) is None

    def add(self, posts: Iterable[BlogPost]) -> int:
        """Store posts, except those whose slug is taken.

        Returns:
            The number of stored posts.
        """
        documents = [document_from_post(post) for post in posts]
        try:
            return len(self._collection.insert_many(documents, ordered=False).inserted_ids)
        except BulkWriteError as error:
            if any(failed["code"] != DUPLICATE_KEY for failed in error.details["writeErrors"]):
                raise
            return int(error.details["nInserted"])

    def add_indexes(self, indexes: Indexes) -> None:
        """Add the indexes of its queries to the list."""
        indexes.add(self._collection, *INDEXES)

    def add_search_keys(self) -> None:
        """Add the search keys to posts of versions that had none."""
        for document in self._collection.find(
            {"category_key": None}, {"category": True, "tags": True}
        ):
            self._collection.update_one(
                {"_id": document["_id"]},
                {"$set": _search_keys(document["category"], document["tags"])},
            )


def _page(collection: Collection[dict[str, Any]], query: Mapping[str, Any], limit: int) -> PostPage:
    documents = collection.find(
        query,
        {"body": False, "html": False},
        sort=[("published_at", DESCENDING), ("_id", DESCENDING)],
        limit=limit + 1,
    )
    posts = [post_from_document(document) for document in documents]
    last = posts[limit - 1] if len(posts) > limit else None
    return PostPage(tuple(posts[:limit]), Cursor(last.published_at, last.slug) if last else None)


def post_from_document(document: Mapping[str, Any]) -> BlogPost:
    """Return the post in a document, without the members that a later version added."""
    known = {
        field.name: document[field.name] for field in fields(BlogPost) if field.name in document
    }
    return BlogPost(**known | {"slug": document["_id"], "tags": tuple(document["tags"])})


def document_from_post(post: BlogPost) -> dict[str, Any]:
    """Return the document that stores a post."""
    members = asdict(post)
    return {
        "_id": members.pop("slug"),
        **members,
        "tags": list(post.tags),
        **_search_keys(post.category, post.tags),
    }


def _search_keys(category: str, tags: Iterable[str]) -> dict[str, Any]:
    return {"category_key": search_key(category), "tag_keys": list(map(search_key, tags))}


def _revision_query(slug: str, revision: str) -> Mapping[str, Any]:
    # None also matches documents without the member.
    return {
        "_id": slug,
        "revision": {"$in": [revision, None]} if revision == FIRST_REVISION else revision,
    }


def _query(status: PostStatus, *, after: Cursor | None, **filters: str | None) -> Mapping[str, Any]:
    query: dict[str, Any] = {"status": status} | {
        name: value for name, value in filters.items() if value is not None
    }
    if after is not None:
        earlier = {"published_at": {"$lt": after.at}}
        same_instant = {"published_at": after.at, "_id": {"$lt": after.key}}
        query["$or"] = [earlier, same_instant]
    return query
