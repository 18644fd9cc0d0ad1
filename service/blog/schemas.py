"""What writers of the blog send and get: posts to be, drafts, and posts with what only their
writers need to know.
"""

import json
from hashlib import sha256
from typing import Annotated, Any, Self

from flask import url_for
from pydantic import AfterValidator, ConfigDict, Field, model_validator

from service.blog.markdown import LONGEST_BODY_BYTES
from service.blog.model import BlogPost, PostStatus
from service.http.responses import Instant, Model
from service.http.text_fields import MULTI_LINE, OPTIONAL_LINE, SINGLE_LINE, Word, at_most_bytes

MOST_TAGS = 10


def _unlike(value: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(value)) < len(value):
        raise ValueError("should name each tag once")
    return value


Title = Annotated[str, Field(min_length=1, max_length=200), SINGLE_LINE]
Summary = Annotated[str, Field(max_length=500), OPTIONAL_LINE]
Tags = Annotated[
    tuple[Word, ...],
    Field(max_length=MOST_TAGS, json_schema_extra={"uniqueItems": True}),
    AfterValidator(_unlike),
]
Body = Annotated[
    str,
    Field(
        min_length=1,
        max_length=LONGEST_BODY_BYTES,
        description=f"Markdown, of {LONGEST_BODY_BYTES} bytes at most.",
    ),
    MULTI_LINE,
    at_most_bytes(LONGEST_BODY_BYTES),
]


class PostText(Model):
    """All of a post that its writer writes."""

    title: Title
    summary: Summary = ""
    category: Word
    tags: Tags = ()
    body: Body

    def text(self) -> dict[str, Any]:
        """The members, by name."""
        return {name: getattr(self, name) for name in PostText.model_fields}


class NewPost(PostText):
    """A post to be."""

    status: PostStatus = Field("draft", description="`published` shows it to readers at once.")


class PostChanges(Model):
    """What to change of a post; at least one member, and what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    # A default of its own type that is never used: None would let a null through, and the schema
    # would show it.
    title: Title = Field(default_factory=str)
    summary: Summary = Field(default_factory=str)
    category: Word = Field(default_factory=str)
    tags: Tags = Field(default_factory=tuple)
    body: Body = Field(default_factory=str)

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("should have at least one member")
        return self

    def changes(self) -> dict[str, Any]:
        """The members that were given, by name."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class IfMatch(Model):
    """A condition on the revision that is replaced."""

    if_match: str | None = Field(
        None,
        alias="If-Match",
        description="ETag of the post as it was read; another writer's change since then is a 412.",
    )


class ManuscriptOverview(Model):
    """A post without its text, for those who write."""

    slug: str = Field(description="Its name in URLs; it never changes.")
    title: str
    summary: str
    category: str
    tags: tuple[str, ...]
    author: str = Field(description="Name of the author.")
    author_id: str | None = Field(
        description="Account of the author; null for posts that nobody owns."
    )
    status: PostStatus
    created_at: Instant | None = Field(description="Null for posts that were loaded.")
    updated_at: Instant | None
    published_at: Instant | None = Field(description="Since when readers see it; null for a draft.")
    published_by: str | None = Field(description="Account of who published it.")
    url: str = Field(description="Where the whole post is.")

    @classmethod
    def of(cls, post: BlogPost) -> Self:
        """The post as its writers see it."""
        return cls(**_members(post))


class Manuscript(ManuscriptOverview):
    """A post, for those who write."""

    body: str = Field(description="Markdown.")
    html: str = Field(description="The body as HTML that is safe to show.")

    @classmethod
    def whole(cls, post: BlogPost, html: str) -> Self:
        """The post with its text."""
        return cls(**_members(post), body=post.body, html=html)


class DraftsPage(Model):
    """Some drafts, newest first."""

    posts: tuple[ManuscriptOverview, ...]
    next: str | None = Field(description="URL of the next page; null on the last one.")


def url_of(post: BlogPost) -> str:
    """Where the whole post is."""
    return url_for(
        "blog.get_post" if post.status == "published" else "authoring.get_draft", slug=post.slug
    )


def tag_of(post: BlogPost) -> str:
    """The opaque tag of a post as it is now, for ``ETag``: another one with every change, also when
    a slug is used anew.
    """
    return sha256(json.dumps(post.to_document(), default=str, sort_keys=True).encode()).hexdigest()[
        :32
    ]


def _members(post: BlogPost) -> dict[str, Any]:
    is_published = post.status == "published"
    return {
        "slug": post.slug,
        "title": post.title,
        "summary": post.summary,
        "category": post.category,
        "tags": post.tags,
        "author": post.author,
        "author_id": post.author_id or None,
        "status": post.status,
        "created_at": post.created_at,
        "updated_at": post.updated_at,
        "published_at": post.published_at if is_published else None,
        "published_by": post.published_by or None,
        "url": url_of(post),
    }
