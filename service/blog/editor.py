"""Where posts are written: an author's own, an admin's all.

Two who change one post at once do not overwrite each other, on FerretDB neither, whose updates are
not atomic: who changes a revision takes a lease of it, which one alone can; the others wait for the
outcome and look again. What is guaranteed is that each revision has exactly one successor (or was
deleted once), and that a condition is true of the very revision that is replaced. A worker that
dies between the two leaves a lease, which is good for ``LEASE_SECONDS``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

import gevent

from service.accounts.model import Role
from service.blog.markdown import Markdown
from service.blog.model import BlogPost, PostStatus
from service.blog.repository import Page, Posts, SlugTaken
from service.blog.slugs import slugs
from service.mongo.clock import utc_now
from service.mongo.cursor import Cursor
from service.mongo.leases import Lease, Leases

LEASE_SECONDS: Final = 30.0
WAITS_SECONDS: Final = (0.01, 0.02, 0.03, *[0.05] * 60)
"""Between attempts at a post that others are changing: three seconds in all."""

Condition = Callable[[BlogPost], bool]


class NoSuchPost(Exception):
    """There is none, or none that the writer may know of."""


class NotTheirs(Exception):
    """A published post of somebody else."""


class Superseded(Exception):
    """The post is not what the writer takes it for."""


class BeingChanged(Exception):
    """Others did not come to an end with it."""


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes.

    Args:
        account_id: UUID.
        name: As readers see it.
    """

    account_id: str
    name: str
    role: Role


class Desk:
    """Writes posts.

    Args:
        posts: Where they are.
        leases: Of revisions.
        markdown: Renders bodies, before any is taken.
        now: In UTC, to the millisecond.
        sleep: Waits so many seconds.
    """

    def __init__(
        self,
        posts: Posts,
        leases: Leases,
        markdown: Markdown,
        *,
        now: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], None] = gevent.sleep,
    ) -> None:
        self._posts = posts
        self._leases = leases
        self._markdown = markdown
        self._now = now
        self._sleep = sleep

    def create(self, writer: Writer, fields: Mapping[str, Any], status: PostStatus) -> BlogPost:
        """A new post, under the first slug of its title that is free.

        Args:
            writer: Its author.
            fields: Title, summary, category, tags and body.
            status: Whether readers see it at once.
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

    def drafts(self, writer: Writer, *, limit: int, after: Cursor | None) -> Page:
        """The writer's drafts, newest first; an admin's are all there are."""
        return self._posts.drafts(
            author_id=None if writer.role == "admin" else writer.account_id,
            limit=limit,
            after=after,
        )

    def draft(self, writer: Writer, slug: str) -> BlogPost:
        """A draft that the writer may change.

        Raises:
            NoSuchPost: There is none.
        """
        post = self._posts.find(slug)
        if post is None or post.status != "draft" or not _may_change(writer, post):
            raise NoSuchPost
        return post

    def edit(
        self, writer: Writer, slug: str, fields: Mapping[str, Any], condition: Condition
    ) -> BlogPost:
        """Change some fields of a post; its slug stays.

        Args:
            writer: Its author, or an admin.
            slug: Of the post.
            fields: What to change, as in ``create``.
            condition: Of the revision that is replaced.

        Raises:
            NoSuchPost: There is none, or it is a draft of somebody else.
            NotTheirs: It is a published post of somebody else.
            Superseded: The condition does not hold.
            BeingChanged: Others did not come to an end with it.
        """
        self._expected(writer, slug, condition)  # before anything is rendered
        rendered = (
            {**fields, "html": self._markdown.render(fields["body"])}
            if "body" in fields
            else fields
        )
        return self._change(writer, slug, condition, lambda post: replace(post, **rendered))

    def publish(self, writer: Writer, slug: str, condition: Condition) -> BlogPost:
        """Show a post to readers, as of now; one that they see already stays as it is. Raises as
        ``edit``.
        """
        now = self._now()
        return self._change(
            writer,
            slug,
            condition,
            lambda post: post if post.status == "published" else _published(post, writer, now),
        )

    def unpublish(self, writer: Writer, slug: str, condition: Condition) -> BlogPost:
        """Make a post a draft again. Raises as ``edit``."""
        return self._change(
            writer, slug, condition, lambda post: replace(post, status="draft", published_by="")
        )

    def delete(self, writer: Writer, slug: str, condition: Condition) -> None:
        """Delete a post; its slug is free again. Raises as ``edit``."""
        self._alone(writer, slug, condition, lambda post: self._posts.remove(slug, post.revision))

    def _insert(self, post: BlogPost) -> BlogPost:
        for slug in slugs(post.title):
            named = replace(post, slug=slug)
            try:
                self._posts.insert(named)
            except SlugTaken:
                continue
            return named
        raise AssertionError("slugs have no end")

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
            outcome[:] = [changed]
            return changed == post or self._posts.replace(changed, post.revision)

        self._alone(writer, slug, condition, write)
        return outcome[0]

    def _alone(
        self, writer: Writer, slug: str, condition: Condition, write: Callable[[BlogPost], bool]
    ) -> None:
        for wait_seconds in WAITS_SECONDS:
            post = self._expected(writer, slug, condition)
            if self._write_alone(post, write):
                return
            self._sleep(wait_seconds)
        raise BeingChanged

    def _write_alone(self, post: BlogPost, write: Callable[[BlogPost], bool]) -> bool:
        revision = f"{post.slug}:{post.revision}"
        lease = self._leases.take(revision, now=self._now(), seconds=LEASE_SECONDS)
        if not isinstance(lease, Lease):
            return False
        try:
            is_written = write(post)
        except BaseException:
            self._leases.give_back(lease, self._now())
            raise
        # It has its successor, from here or from before: who finds it still can do nothing with it.
        self._leases.forget(revision)
        return is_written

    def _expected(self, writer: Writer, slug: str, condition: Condition) -> BlogPost:
        post = self._posts.find(slug)
        if post is None or (post.status == "draft" and not _may_change(writer, post)):
            raise NoSuchPost
        if not _may_change(writer, post):
            raise NotTheirs
        if not condition(post):
            raise Superseded
        return post


def _may_change(writer: Writer, post: BlogPost) -> bool:
    return writer.role == "admin" or post.author_id == writer.account_id


def _published(post: BlogPost, writer: Writer, now: datetime) -> BlogPost:
    return replace(post, status="published", published_at=now, published_by=writer.account_id)
