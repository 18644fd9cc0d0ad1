"""What clients send to the blog and get from it, as readers and as writers."""

import json
from dataclasses import asdict
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any, Final, Self

from flask import url_for
from pydantic import AfterValidator, ConfigDict, Field, model_validator

from service.blog.markdown import LONGEST_BODY_BYTES
from service.blog.model import BlogPost, PostStatus
from service.http.characters import search_key
from service.http.conditions import exact_date
from service.http.pagination import PageQuery
from service.http.preconditions import EntityTag, Validators
from service.http.responses import Instant, Model
from service.http.text_fields import MULTI_LINE, OPTIONAL_LINE, SINGLE_LINE, Word, at_most_bytes

MOST_TAGS: Final = 10


def _each_once(value: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(value)) < len(value):
        raise ValueError("should name each tag once")
    # One of those that differ in case or form only; no JSON Schema can describe that.
    return tuple({search_key(tag): tag for tag in reversed(value)}.values())[::-1]


Title = Annotated[str, Field(min_length=1, max_length=200), SINGLE_LINE]
Summary = Annotated[str, Field(max_length=500), OPTIONAL_LINE]
Tags = Annotated[
    tuple[Word, ...],
    Field(max_length=MOST_TAGS, json_schema_extra={"uniqueItems": True}),
    AfterValidator(_each_once),
]
Body = Annotated[
    str,
    Field(
        min_length=1,
        max_length=LONGEST_BODY_BYTES,
        description=f"Markdown, at most {LONGEST_BODY_BYTES} bytes.",
    ),
    MULTI_LINE,
    at_most_bytes(LONGEST_BODY_BYTES),
]


class PostsQuery(PageQuery):
    """Query of a page of posts."""

    tag: Annotated[Word | None, Field(description="Only posts with this tag, in any case.")] = None
    category: Annotated[
        Word | None, Field(description="Only posts in this category, in any case.")
    ] = None


class PostOverview(Model):
    """A published post without its text."""

    slug: str = Field(description="The post's name in URLs.")
    title: str
    summary: str
    category: str
    tags: tuple[str, ...]
    author: str
    published_at: Instant
    url: str = Field(description="URL of the whole post.")

    @classmethod
    def of(cls, post: BlogPost) -> Self:
        """Return the overview of a post."""
        return cls(**_overview(post))


class WholePost(PostOverview):
    """A published post."""

    body: str = Field(description="Markdown.")
    html: str = Field(description="The body as sanitized HTML.")

    @classmethod
    def whole(cls, post: BlogPost, html: str) -> Self:
        """Return a post with its text."""
        return cls(**_overview(post), body=post.body, html=html)


class PostsPage(Model):
    """A page of posts, newest first."""

    posts: tuple[PostOverview, ...]
    next: str | None = Field(description="URL of the next page; null on the last one.")


class PostText(Model):
    """The text of a post and its classification."""

    title: Title
    summary: Summary = ""
    category: Word
    tags: Tags = ()
    body: Body

    def text(self) -> dict[str, Any]:
        """Return the members of the text by name."""
        return {name: getattr(self, name) for name in PostText.model_fields}


class NewPost(PostText):
    """A new post."""

    status: PostStatus = Field("draft", description="`published` shows it to readers at once.")


class PostChanges(Model):
    """The members of a post to change, at least one; the others stay."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    # A default of its own type that is never used: None would accept null, and the schema would
    # show it.
    title: Title = Field(default_factory=str)
    summary: Summary = Field(default_factory=str)
    category: Word = Field(default_factory=str)
    tags: Tags = Field(default_factory=tuple)
    body: Body = Field(default_factory=str)

    @model_validator(mode="after")
    def _at_least_one(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("should have at least one member")
        return self

    def changes(self) -> dict[str, Any]:
        """Return the members that the client sent, by name."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class EditablePostOverview(Model):
    """A post without its text, for its writers."""

    slug: str = Field(description="The post's name in URLs; it never changes.")
    title: str
    summary: str
    category: str
    tags: tuple[str, ...]
    author: str = Field(description="Name of the author.")
    author_id: str | None = Field(description="Account of the author; null for demo posts.")
    status: PostStatus
    created_at: Instant | None = Field(description="Null for demo posts.")
    updated_at: Instant | None
    published_at: Instant | None = Field(description="Time of publication; null for a draft.")
    published_by: str | None = Field(description="Account that published it.")
    url: str = Field(description="URL of the whole post.")

    @classmethod
    def of(cls, post: BlogPost) -> Self:
        """Return the overview of a post."""
        return cls(**_editable_overview(post))


class EditablePost(EditablePostOverview):
    """A post, for its writers."""

    body: str = Field(description="Markdown.")
    html: str = Field(description="The body as sanitized HTML.")

    @classmethod
    def whole(cls, post: BlogPost, html: str) -> Self:
        """Return a post with its text."""
        return cls(**_editable_overview(post), body=post.body, html=html)


class DraftsPage(Model):
    """A page of drafts, newest first."""

    posts: tuple[EditablePostOverview, ...]
    next: str | None = Field(description="URL of the next page; null on the last one.")


def url_of(post: BlogPost) -> str:
    """Return the URL of the whole post."""
    return url_for(
        "blog.get_post" if post.status == "published" else "authoring.get_draft", slug=post.slug
    )


def validators_of(post: BlogPost, now: datetime | None = None) -> Validators:
    """Return the validators of a post: a strong tag, and its date once that is exact.

    Args:
        post: With its body.
        now: When it is sent, in UTC; without it the date is that of a comparison.
    """
    changed = post.updated_at or post.published_at
    return Validators(EntityTag(_tag_of(post)), exact_date(changed, now) if now else changed)


def _tag_of(post: BlogPost) -> str:
    # It differs after every change, also when a slug is reused.
    members = asdict(post)
    # Under this key, the tags that clients keep stay valid.
    state = {"_id": members.pop("slug"), **members}
    return sha256(json.dumps(state, default=str, sort_keys=True).encode()).hexdigest()[:32]


def _overview(post: BlogPost) -> dict[str, Any]:
    return {
        "slug": post.slug,
        "title": post.title,
        "summary": post.summary,
        "category": post.category,
        "tags": post.tags,
        "author": post.author,
        "published_at": post.published_at,
        "url": url_for("blog.get_post", slug=post.slug),
    }


def _editable_overview(post: BlogPost) -> dict[str, Any]:
    return _overview(post) | {
        "author_id": post.author_id or None,
        "status": post.status,
        "created_at": post.created_at,
        "updated_at": post.updated_at,
        "published_at": post.published_at if post.status == "published" else None,
        "published_by": post.published_by or None,
        "url": url_of(post),
    }
