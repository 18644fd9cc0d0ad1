"""The blog, for readers: pages of published posts, and one post.

Routes only translate: a request into a query, a post into JSON. The last page has no ``next``.

Source: RFC 8288 for the ``Link`` header.
"""

from typing import Annotated, Final
from urllib.parse import urlencode

from flask import Blueprint, Response, request, url_for
from prometheus_flask_exporter import PrometheusMetrics
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from werkzeug.exceptions import NotFound

from service import middleware
from service.api import Answer, Instant, Model, answer, operation
from service.blueprints import cursors
from service.blueprints.metered import counted
from service.store import BlogPost, Page, Posts
from telemetry import names

TAG: Final = "Blog"
MOST_PER_PAGE = 100
LONGEST_SLUG = 200
FRESH_SECONDS = 60
STALE_SECONDS = 300


def _printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError("should have no control characters")
    return value


def _cursor(value: str) -> str:
    cursors.decode(value)
    return value


Word = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_printable)]


class PostsQuery(BaseModel):
    """What a page of posts is asked for with."""

    model_config = ConfigDict(frozen=True)

    limit: Annotated[int, Field(ge=1, le=MOST_PER_PAGE, description="Most posts on the page.")] = 20
    tag: Annotated[Word | None, Field(description="Only posts that carry it.")] = None
    category: Annotated[Word | None, Field(description="Only posts in it.")] = None
    cursor: Annotated[
        Annotated[str, AfterValidator(_cursor)] | None, Field(description="Where the page begins: out of a page's `next`.")
    ] = None

    def link(self, cursor: str) -> str:
        """URL of the page at ``cursor``, with the same filters."""
        given = self.model_dump(exclude_none=True, exclude={"cursor"}) | {"cursor": cursor}
        return f"{url_for('blog.list_posts')}?{urlencode(given)}"


class PostOverview(Model):
    """A post without its text."""

    slug: str = Field(description="Its name in URLs.")
    title: str
    summary: str
    category: str
    tags: tuple[str, ...]
    author: str
    published_at: Instant
    url: str = Field(description="Where the whole post is.")


class WholePost(PostOverview):
    """A post."""

    body: str = Field(description="Markdown.")


class PostsPage(Model):
    """Some posts, newest first."""

    posts: tuple[PostOverview, ...]
    next: str | None = Field(description="URL of the next page; null on the last one.")


def _filter_label() -> str:
    return "_".join(name for name in ("tag", "category") if name in request.args) or "none"


def _result_label(response: Response) -> str:
    return {200: "found", 404: "not_found"}.get(response.status_code, "error")


def _overview(post: BlogPost) -> PostOverview:
    return PostOverview(
        slug=post.slug,
        title=post.title,
        summary=post.summary,
        category=post.category,
        tags=post.tags,
        author=post.author,
        published_at=post.published_at,
        url=url_for("blog.get_post", slug=post.slug),
    )


def _page(page: Page, query: PostsQuery) -> Response:
    next_link = query.link(cursors.encode(page.next)) if page.next else None
    response = answer(PostsPage(posts=tuple(map(_overview, page.posts)), next=next_link))
    if next_link:
        response.headers["Link"] = f'<{next_link}>; rel="next"'
    return response


def blueprint(posts: Posts, metrics: PrometheusMetrics) -> Blueprint:
    """The routes of the blog.

    Args:
        posts: Where they are.
        metrics: For the business metrics; they are registered once, so there is one such blueprint a registry.
    """
    blog = Blueprint("blog", __name__, url_prefix="/api/v1/blog")

    @blog.get("/posts")
    @middleware.public(max_age_seconds=FRESH_SECONDS, stale_while_revalidate_seconds=STALE_SECONDS)
    @counted(metrics, names.POST_LISTS, filter=_filter_label)
    @operation(TAG, {200: Answer("A page.", PostsPage, headers={"Link": "The next page, as `next` (RFC 8288)."})}, query=PostsQuery)
    def list_posts(query: PostsQuery) -> Response:
        """Published posts, newest first; by tag and category, up to limit a page, from cursor on."""
        after = cursors.decode(query.cursor) if query.cursor else None
        return _page(posts.page(limit=query.limit, after=after, tag=query.tag, category=query.category), query)

    @blog.get("/posts/<slug>")
    @middleware.public(max_age_seconds=FRESH_SECONDS, stale_while_revalidate_seconds=STALE_SECONDS)
    @counted(metrics, names.POST_READS, result=_result_label)
    @operation(TAG, {200: Answer("The post.", WholePost)}, problems=(404,), path={"slug": "The post's name in URLs."})
    def get_post(slug: str) -> Response:
        """One published post, whole, in Markdown."""
        post = posts.get(slug) if len(slug) <= LONGEST_SLUG and slug.isprintable() else None
        if post is None:
            raise NotFound("There is no post of that slug.")
        return answer(WholePost(**dict(_overview(post)), body=post.body))

    return blog
