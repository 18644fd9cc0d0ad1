"""The blog's routes for readers: pages of published posts, and one post."""

from collections.abc import Callable
from typing import Final
from urllib.parse import quote

from flask import Blueprint, Response, request
from prometheus_flask_exporter import PrometheusMetrics
from werkzeug.exceptions import NotFound

from service import metrics as business
from service.blog.markdown import Markdown
from service.blog.repository import PostRepository
from service.blog.schemas import PostOverview, PostsPage, PostsQuery, WholePost, validators_of
from service.http import middleware
from service.http.business_metrics import counted
from service.http.conditions import add_validators
from service.http.current_view import View
from service.http.operation import ResponseSpec, operation
from service.http.pagination import LINK, with_next_link
from service.http.responses import json_response
from service.mongo.clock import utc_now

TAG: Final = "Blog"
SLUG: Final = {"slug": "The post's name in URLs."}
LONGEST_SLUG: Final = 200
FRESH_SECONDS: Final = 60
STALE_SECONDS: Final = 300
ERROR_SECONDS: Final = 86400
"""How long a cache may show a copy while the service fails."""
POSTS_TAG: Final = "posts"
POST_TAG: Final = "post-{slug}"


def blueprint(posts: PostRepository, markdown: Markdown, metrics: PrometheusMetrics) -> Blueprint:
    """Return the routes for readers.

    Args:
        posts: Finds them.
        markdown: Renders posts whose HTML is not stored.
        metrics: Registers the business metrics, so a registry can have one such blueprint.
    """
    blog = Blueprint("blog", __name__, url_prefix="/api/v1/blog")
    _add_list(blog, posts, metrics)
    _add_post(blog, posts, markdown, metrics)
    return blog


def cdn_tags(slug: str) -> tuple[str, str]:
    """Return the tags of every response that shows a post."""
    return POSTS_TAG, POST_TAG.format(slug=quote(slug, ""))


def _cached(tag: str) -> Callable[[View], View]:
    return middleware.public(
        max_age_seconds=FRESH_SECONDS,
        stale_while_revalidate_seconds=STALE_SECONDS,
        stale_if_error_seconds=ERROR_SECONDS,
        tags=(tag,),
    )


def _add_list(blog: Blueprint, posts: PostRepository, metrics: PrometheusMetrics) -> None:
    @blog.get("/posts")
    @_cached(POSTS_TAG)
    @counted(metrics, business.POST_LISTS, filter=_filter_label)
    @operation(
        TAG,
        {200: ResponseSpec("A page of posts.", PostsPage, headers=LINK)},
        query=PostsQuery,
    )
    def list_posts(query: PostsQuery) -> Response:
        """List posts

        Returns published posts, newest first, filtered by tag and category.
        """
        page = posts.page(
            limit=query.limit, after=query.after, tag=query.tag, category=query.category
        )
        next_url = query.next_url("blog.list_posts", page.next)
        overviews = tuple(map(PostOverview.of, page.posts))
        return with_next_link(json_response(PostsPage(posts=overviews, next=next_url)), next_url)


def _add_post(
    blog: Blueprint, posts: PostRepository, markdown: Markdown, metrics: PrometheusMetrics
) -> None:
    @blog.get("/posts/<slug>")
    @_cached(POST_TAG)
    @counted(metrics, business.POST_READS, result=_result_label)
    @operation(
        TAG,
        {
            200: ResponseSpec(
                "The post.",
                WholePost,
                headers={"ETag": "Of this revision.", "Last-Modified": "Of this revision."},
            )
        },
        problems=(404,),
        path=SLUG,
    )
    def get_post(slug: str) -> Response:
        """Get a post

        Returns a published post with its text, in Markdown and as HTML.
        """
        post = posts.get(slug) if len(slug) <= LONGEST_SLUG and slug.isprintable() else None
        if post is None:
            raise NotFound("There is no post of that slug.")
        html = post.html or markdown.render_cached(post.body)
        response = json_response(WholePost.whole(post, html))
        return add_validators(response, validators_of(post, utc_now()))


def _filter_label() -> str:
    return "_".join(name for name in ("tag", "category") if name in request.args) or "none"


def _result_label(response: Response) -> str:
    return {200: "found", 404: "not_found"}.get(response.status_code, "error")
