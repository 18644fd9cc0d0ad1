"""The blog, for readers: pages of published posts, and one post.

Routes only translate: a request into a query, a post into JSON.
"""

from typing import Annotated, Final

from flask import Blueprint, Response, request, url_for
from prometheus_flask_exporter import PrometheusMetrics
from pydantic import Field
from werkzeug.exceptions import NotFound

from service import metrics as business
from service.blog.markdown import Markdown
from service.blog.model import BlogPost
from service.blog.repository import Page, Posts
from service.blog.schemas import tag_of
from service.http import middleware
from service.http.business_metrics import counted
from service.http.operation import ResponseSpec, operation
from service.http.pagination import LINK, PageQuery, with_next_link
from service.http.responses import Instant, Model, json_response
from service.http.text_fields import Word

TAG: Final = "Blog"
LONGEST_SLUG = 200
FRESH_SECONDS = 60
STALE_SECONDS = 300


class PostsQuery(PageQuery):
    """What a page of posts is asked for with."""

    tag: Annotated[Word | None, Field(description="Only posts that carry it.")] = None
    category: Annotated[Word | None, Field(description="Only posts in it.")] = None


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
    html: str = Field(description="The body as HTML that is safe to show.")


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
    next_url = query.next_url("blog.list_posts", page.next)
    return with_next_link(
        json_response(PostsPage(posts=tuple(map(_overview, page.posts)), next=next_url)), next_url
    )


def blueprint(posts: Posts, markdown: Markdown, metrics: PrometheusMetrics) -> Blueprint:
    """The routes of the blog.

    Args:
        posts: Where they are.
        markdown: For posts whose HTML is not stored.
        metrics: For the business metrics; they are registered once, so there is one such blueprint
            a registry.
    """
    blog = Blueprint("blog", __name__, url_prefix="/api/v1/blog")

    @blog.get("/posts")
    @middleware.public(max_age_seconds=FRESH_SECONDS, stale_while_revalidate_seconds=STALE_SECONDS)
    @counted(metrics, business.POST_LISTS, filter=_filter_label)
    @operation(TAG, {200: ResponseSpec("A page.", PostsPage, headers=LINK)}, query=PostsQuery)
    def list_posts(query: PostsQuery) -> Response:
        """Published posts, newest first; by tag and category, up to limit a page, from cursor on."""
        return _page(
            posts.page(
                limit=query.limit, after=query.after, tag=query.tag, category=query.category
            ),
            query,
        )

    @blog.get("/posts/<slug>")
    @middleware.public(max_age_seconds=FRESH_SECONDS, stale_while_revalidate_seconds=STALE_SECONDS)
    @counted(metrics, business.POST_READS, result=_result_label)
    @operation(
        TAG,
        {200: ResponseSpec("The post.", WholePost, headers={"ETag": "Of this revision."})},
        problems=(404,),
        path={"slug": "The post's name in URLs."},
    )
    def get_post(slug: str) -> Response:
        """One published post, whole, in Markdown and as HTML."""
        post = posts.get(slug) if len(slug) <= LONGEST_SLUG and slug.isprintable() else None
        if post is None:
            raise NotFound("There is no post of that slug.")
        html = post.html or markdown.remembered(post.body)
        response = json_response(WholePost(**dict(_overview(post)), body=post.body, html=html))
        response.set_etag(tag_of(post), weak=True)
        return response

    return blog
