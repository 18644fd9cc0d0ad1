"""The blog, for readers: pages of published posts, and one post.

Routes only translate: a request into a query, a post into JSON. The last page has no ``next``.

Source: RFC 8288 for the ``Link`` header.
"""

from typing import Annotated, Any
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, request, url_for
from prometheus_flask_exporter import PrometheusMetrics
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from werkzeug.exceptions import NotFound

from service.blueprints import cursors
from service.blueprints.metered import counted
from service.errors import FieldError, InvalidParameters
from service.store import BlogPost, Page, Posts
from telemetry import names

MOST_PER_PAGE = 100
LONGEST_SLUG = 200


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

    limit: Annotated[int, Field(ge=1, le=MOST_PER_PAGE)] = 20
    tag: Word | None = None
    category: Word | None = None
    cursor: Annotated[str, AfterValidator(_cursor)] | None = None

    @classmethod
    def of_request(cls) -> "PostsQuery":
        """Read the current request.

        Raises:
            InvalidParameters: With each parameter that cannot be used.
        """
        given = request.args.to_dict(flat=False)
        twice = [FieldError(name, "should be given once") for name in cls.model_fields if len(given.get(name, ())) > 1]
        if twice:
            raise InvalidParameters(twice)
        try:
            return cls.model_validate(request.args.to_dict())
        except ValidationError as error:
            raise InvalidParameters([_field_error(failed["loc"][0], failed["msg"]) for failed in error.errors()]) from None

    def link(self, cursor: str) -> str:
        """URL of the page at ``cursor``, with the same filters."""
        given = self.model_dump(exclude_none=True, exclude={"cursor"}) | {"cursor": cursor}
        return f"{url_for('blog.list_posts')}?{urlencode(given)}"


def _field_error(field: object, message: str) -> FieldError:
    return FieldError(str(field), message.removeprefix("Value error, ").removeprefix("Input ").removeprefix("String "))


def _filter_label() -> str:
    return "_".join(name for name in ("tag", "category") if name in request.args) or "none"


def _result_label(response: Response) -> str:
    return {200: "found", 404: "not_found"}.get(response.status_code, "error")


def _overview(post: BlogPost) -> dict[str, Any]:
    return {
        "slug": post.slug,
        "title": post.title,
        "summary": post.summary,
        "category": post.category,
        "tags": list(post.tags),
        "author": post.author,
        "published_at": post.published_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "url": url_for("blog.get_post", slug=post.slug),
    }


def _page(page: Page, query: PostsQuery) -> Response:
    next_link = query.link(cursors.encode(page.next)) if page.next else None
    response = jsonify({"posts": [_overview(post) for post in page.posts], "next": next_link})
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
    @counted(metrics, names.POST_LISTS, filter=_filter_label)
    def list_posts() -> Response:
        """Published posts, newest first; by `tag` and `category`, up to `limit` a page, from `cursor` on."""
        query = PostsQuery.of_request()
        after = cursors.decode(query.cursor) if query.cursor else None
        return _page(posts.page(limit=query.limit, after=after, tag=query.tag, category=query.category), query)

    @blog.get("/posts/<slug>")
    @counted(metrics, names.POST_READS, result=_result_label)
    def get_post(slug: str) -> Response:
        """One published post, whole, in Markdown."""
        post = posts.get(slug) if len(slug) <= LONGEST_SLUG and slug.isprintable() else None
        if post is None:
            raise NotFound("There is no post of that slug.")
        return jsonify(_overview(post) | {"body": post.body})

    return blog
