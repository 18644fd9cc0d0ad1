"""Creating and changing posts: authors change their own posts, admins change all.

Concurrent changes of one post do not overwrite each other (``mongo.revisions``). The guarantee is
that each revision has exactly one successor (or was deleted once), and that a condition holds for
the very revision that is replaced.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

import gevent

from service.accounts.model import Role
from service.blog.markdown import Markdown
from service.blog.model import BlogPost, PostPage, PostStatus
from service.blog.repository import PostRepository, SlugTaken
from service.blog.slugs import slugs
from service.mongo.clock import utc_now
from service.mongo.cursor import Cursor
from service.mongo.leases import Leases
from service.mongo.revisions import RevisionLocked, Revisions

RETRY_DELAYS_SECONDS: Final = (0.01, 0.02, 0.03, *[0.05] * 60)
"""Between attempts to lock a post that other requests are changing: three seconds in all."""

Condition = Callable[[BlogPost], bool]


class PostNotFound(Exception):
    """No post has that slug, or it is a draft of another author."""


class NotPostOwner(Exception):
    """The published post belongs to another account."""


class RevisionConflict(Exception):
    """The post's current revision does not meet the condition of the change."""


class PostLocked(Exception):
    """Other requests are changing the post and did not finish in time."""


@dataclass(frozen=True, slots=True)
class Writer:
    """The account that changes a post.

    Args:
        account_id: UUID.
        name: Shown to readers.
    """

    account_id: str
    name: str
    role: Role


class PostEditor:
    """Creates, changes, publishes and deletes posts.

    Args:
        posts: Stores them.
        leases: Lock revisions.
        markdown: Renders bodies, before a lease is taken.
        now: In UTC, to the millisecond.
        sleep: Waits for a number of seconds.
        on_public_change: Called with the slug of a post that readers see, or saw, after a change.
    """

    def __init__(
        self,
        posts: PostRepository,
        leases: Leases,
        markdown: Markdown,
        *,
        now: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], None] = gevent.sleep,
        on_public_change: Callable[[str], None] = lambda slug: None,
    ) -> None:
        self._posts = posts
        self._on_public_change = on_public_change
        self._revisions = Revisions(leases, now=now, sleep=sleep)
        self._markdown = markdown
        self._now = now

    def create(self, writer: Writer, fields: Mapping[str, Any], status: PostStatus) -> BlogPost:
        """Create a post under the first free slug of its title.

        Args:
            writer: Its author.
            fields: Title, summary, category, tags and body.
            status: ``published`` shows it to readers at once.
        """
        now = self._now()
        post = BlogPost(
            slug="",
            **fields,
            author=writer.name,
            status="draft",
            published_at=now,
            html=self._markdown.render(fields["body"]),
            author_id=writer.account_id,
            created_at=now,
            updated_at=now,
            revision=uuid4().hex,
        )
        return self._insert(_published(post, writer, now) if status == "published" else post)

    def drafts(self, writer: Writer, *, limit: int, after: Cursor | None) -> PostPage:
        """Return the writer's drafts, newest first; for an admin the drafts of all authors."""
        return self._posts.drafts(
            author_id=None if writer.role == "admin" else writer.account_id,
            limit=limit,
            after=after,
        )

    def draft(self, writer: Writer, slug: str) -> BlogPost:
        """Return a draft that the writer may change.

        Raises:
            PostNotFound: No such draft exists.
        """
        post = self._posts.find(slug)
        if post is None or post.status != "draft" or not _may_change(writer, post):
            raise PostNotFound
        return post

    def edit(
        self, writer: Writer, slug: str, fields: Mapping[str, Any], condition: Condition
    ) -> BlogPost:
        """Change fields of a post; its slug stays.

        Args:
            writer: Its author, or an admin.
            slug: Of the post.
            fields: New values, as in ``create``.
            condition: Must hold for the revision that is replaced.

        Raises:
            PostNotFound: No such post exists, or it is a draft of another author.
            NotPostOwner: It is a published post of another author.
            RevisionConflict: The condition does not hold.
            PostLocked: Other requests kept changing it.
        """
        self._find_changeable(writer, slug, condition)  # before anything is rendered
        rendered = (
            {**fields, "html": self._markdown.render(fields["body"])}
            if "body" in fields
            else fields
        )
        return self._change(writer, slug, condition, lambda post: replace(post, **rendered))

    def publish(self, writer: Writer, slug: str, condition: Condition) -> BlogPost:
        """Publish a post now; a published post does not change. Raises as ``edit``."""
        now = self._now()
        return self._change(
            writer,
            slug,
            condition,
            lambda post: post if post.status == "published" else _published(post, writer, now),
        )

    def unpublish(self, writer: Writer, slug: str, condition: Condition) -> BlogPost:
        """Turn a post into a draft again. Raises as ``edit``."""
        return self._change(
            writer, slug, condition, lambda post: replace(post, status="draft", published_by="")
        )

    def delete(self, writer: Writer, slug: str, condition: Condition) -> None:
        """Delete a post, which frees its slug. Raises as ``edit``."""
        deleted: list[BlogPost] = []

        def write(post: BlogPost) -> bool:
            deleted[:] = [post]
            return self._posts.remove(slug, post.revision)

        self._write(writer, slug, condition, write)
        self._report(*deleted)

    def _insert(self, post: BlogPost) -> BlogPost:
        for slug in slugs(post.title):
            named = replace(post, slug=slug)
            try:
                self._posts.insert(named)
            except SlugTaken:
                continue
            self._report(named)
            return named
        raise AssertionError("slugs never end")

    def _change(
        self,
        writer: Writer,
        slug: str,
        condition: Condition,
        change: Callable[[BlogPost], BlogPost],
    ) -> BlogPost:
        outcome: list[BlogPost] = []

        def write(post: BlogPost) -> bool:
            changed = change(post)
            if changed != post:
                changed = replace(changed, revision=uuid4().hex, updated_at=self._now())
            outcome[:] = [changed, post]
            return changed == post or self._posts.replace(changed, post.revision)

        self._write(writer, slug, condition, write)
        self._report(*outcome)
        return outcome[0]

    def _report(self, *posts: BlogPost) -> None:
        if any(post.status == "published" for post in posts):
            self._on_public_change(posts[0].slug)

    def _write(
        self, writer: Writer, slug: str, condition: Condition, write: Callable[[BlogPost], bool]
    ) -> None:
        try:
            self._revisions.change(
                lambda: self._find_changeable(writer, slug, condition),
                lambda post: f"{post.slug}:{post.revision}",
                write,
                delays_seconds=RETRY_DELAYS_SECONDS,
            )
        except RevisionLocked:
            raise PostLocked from None

    def _find_changeable(self, writer: Writer, slug: str, condition: Condition) -> BlogPost:
        post = self._posts.find(slug)
        if post is None or (post.status == "draft" and not _may_change(writer, post)):
            raise PostNotFound
        if not _may_change(writer, post):
            raise NotPostOwner
        if not condition(post):
            raise RevisionConflict
        return post


def _may_change(writer: Writer, post: BlogPost) -> bool:
    return writer.role == "admin" or post.author_id == writer.account_id


def _published(post: BlogPost, writer: Writer, now: datetime) -> BlogPost:
    return replace(post, status="published", published_at=now, published_by=writer.account_id)
