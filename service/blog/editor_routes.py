"""The blog, for those who write it: authors their own posts, admins all of them.

An answer's ``ETag`` names the post's revision; sent back as ``If-Match`` it makes sure that nobody
has changed the post meanwhile (see ``service.blog.editor`` for what is guaranteed). It is weak
because one revision has several encodings, and ``If-Match`` takes it all the same. No answer here
may be kept by anyone.

Source: RFC 9110, 13.1.1 (If-Match) and 15.5.13 (412); RFC 5789 (PATCH), whose body is the members
that change.
"""

from collections.abc import Callable
from typing import Final

from flask import Blueprint, Response
from prometheus_flask_exporter import PrometheusMetrics
from werkzeug.http import parse_etags

from service import metrics as business
from service.accounts.guard import account_gone, current_account, protected
from service.accounts.repository import AccountRepository
from service.blog.editor import (
    BeingChanged,
    Condition,
    Desk,
    NoSuchPost,
    NotTheirs,
    Superseded,
    Writer,
)
from service.blog.markdown import Markdown
from service.blog.model import BlogPost
from service.blog.routes import LONGEST_SLUG, TAG
from service.blog.schemas import (
    DraftsPage,
    IfMatch,
    Manuscript,
    ManuscriptOverview,
    NewPost,
    PostChanges,
    PostText,
    tag_of,
    url_of,
)
from service.http.business_metrics import counted_writes
from service.http.openapi.links import links_to
from service.http.operation import ResponseSpec, operation
from service.http.pagination import LINK, PageQuery, with_next_link
from service.http.problems import problem
from service.http.responses import json_response
from telemetry import private_in_path

SLUG: Final = {"slug": "The post's name in URLs."}
hidden: Final = private_in_path("slug")
"""A slug tells the title, which is nobody else's business while the post is a draft."""

TAGGED: Final = {"ETag": "Of this revision, for `If-Match`."}
_THIS: Final = {"slug": "$response.body#/slug"}
_REVISION: Final = _THIS | {"If-Match": "$response.header.ETag"}
FOLLOWING: Final = (
    *links_to(
        _REVISION,
        "authoring.replace_post",
        "authoring.edit_post",
        "authoring.publish_post",
        "authoring.unpublish_post",
    ),
    *links_to(_THIS, "authoring.get_draft", "authoring.delete_post"),
)
CHANGED: Final = {
    200: ResponseSpec("The post as it is now.", Manuscript, headers=TAGGED, links=FOLLOWING)
}
CREATED: Final = {
    201: ResponseSpec(
        "The post.", Manuscript, headers=TAGGED | {"Location": "Where it is."}, links=FOLLOWING
    )
}
REFUSALS: Final = (404, 409, 412)
ACTIONS: Final = {
    "authoring.create_post": "create",
    "authoring.replace_post": "edit",
    "authoring.edit_post": "edit",
    "authoring.publish_post": "publish",
    "authoring.unpublish_post": "unpublish",
    "authoring.delete_post": "delete",
}
_FAILURES: Final = {
    NoSuchPost: (404, "There is no post of that slug that is yours to see."),
    NotTheirs: (403, "This post is somebody else's."),
    Superseded: (412, "The post has been changed since; read it again and make the change anew."),
    BeingChanged: (409, "Others are changing this post at the moment; send the request again."),
}


class _Authoring:
    """The routes' common parts."""

    def __init__(self, accounts: AccountRepository, desk: Desk, markdown: Markdown) -> None:
        self.desk = desk
        self._accounts = accounts
        self._markdown = markdown

    def writer(self) -> Writer:
        """Who is calling; a token may outlive its account."""
        caller = current_account()
        account = self._accounts.get(caller.account_id)
        if account is None:
            raise account_gone()
        return Writer(account.account_id, account.name, caller.role)

    def answered(self, post: BlogPost, status: int = 200) -> Response:
        """A post as a response."""
        response = json_response(
            Manuscript.whole(post, post.html or self._markdown.remembered(post.body)), status
        )
        response.set_etag(tag_of(post), weak=True)
        return response


def blueprint(
    accounts: AccountRepository, desk: Desk, markdown: Markdown, metrics: PrometheusMetrics
) -> Blueprint:
    """The routes of writers.

    Args:
        accounts: For the names of authors.
        desk: Where posts are written.
        markdown: For posts whose HTML is not stored.
        metrics: For the business metrics.
    """
    routes = Blueprint("authoring", __name__, url_prefix="/api/v1/blog")
    authoring = _Authoring(accounts, desk, markdown)
    for failure, (status, detail) in _FAILURES.items():
        routes.register_error_handler(failure, _told(status, detail))
    counted_writes(routes, metrics, business.POST_WRITES, ACTIONS)
    _drafts(routes, authoring)
    _texts(routes, authoring)
    _states(routes, authoring)
    return routes


def _drafts(routes: Blueprint, authoring: _Authoring) -> None:
    @routes.get("/drafts")
    @protected(role="author")
    @operation(TAG, {200: ResponseSpec("A page.", DraftsPage, headers=LINK)}, query=PageQuery)
    def list_drafts(query: PageQuery) -> Response:
        """Your drafts, newest first; to an admin those of all authors."""
        page = authoring.desk.drafts(authoring.writer(), limit=query.limit, after=query.after)
        next_url = query.next_url("authoring.list_drafts", page.next)
        return with_next_link(
            json_response(
                DraftsPage(posts=tuple(map(ManuscriptOverview.of, page.posts)), next=next_url)
            ),
            next_url,
        )

    @routes.get("/drafts/<slug>")
    @hidden
    @protected(role="author")
    @operation(
        TAG,
        {200: ResponseSpec("The draft.", Manuscript, headers=TAGGED, links=FOLLOWING)},
        problems=(404,),
        path=SLUG,
    )
    def get_draft(slug: str) -> Response:
        """One draft, whole. A draft of somebody else is none, and neither is a published post."""
        return authoring.answered(authoring.desk.draft(authoring.writer(), _slug(slug)))


def _texts(routes: Blueprint, authoring: _Authoring) -> None:
    @routes.post("/posts")
    @protected(role="author")
    @operation(TAG, CREATED, body=NewPost)
    def create_post(body: NewPost) -> Response:
        """A new post of yours; a draft unless it says otherwise.

        Its slug comes from its title and never changes; where the title's own is taken, it ends in
        a number.
        """
        post = authoring.desk.create(authoring.writer(), body.text(), body.status)
        response = authoring.answered(post, 201)
        response.headers["Location"] = url_of(post)
        return response

    @routes.put("/posts/<slug>")
    @hidden
    @protected(role="author")
    @operation(TAG, CHANGED, body=PostText, headers=IfMatch, problems=REFUSALS, path=SLUG)
    def replace_post(slug: str, headers: IfMatch, body: PostText) -> Response:
        """All of a post anew: what is left out is empty afterwards. Whether it is published stays."""
        return authoring.answered(
            authoring.desk.edit(authoring.writer(), _slug(slug), body.text(), _condition(headers))
        )

    @routes.patch("/posts/<slug>")
    @hidden
    @protected(role="author")
    @operation(TAG, CHANGED, body=PostChanges, headers=IfMatch, problems=REFUSALS, path=SLUG)
    def edit_post(slug: str, headers: IfMatch, body: PostChanges) -> Response:
        """Some members of a post; those that are left out stay."""
        return authoring.answered(
            authoring.desk.edit(
                authoring.writer(), _slug(slug), body.changes(), _condition(headers)
            )
        )


def _states(routes: Blueprint, authoring: _Authoring) -> None:
    @routes.post("/posts/<slug>/publish")
    @hidden
    @protected(role="author")
    @operation(TAG, CHANGED, headers=IfMatch, problems=REFUSALS, path=SLUG)
    def publish_post(slug: str, headers: IfMatch) -> Response:
        """Shows a post to readers, as of now; one that is published already stays as it is."""
        return authoring.answered(
            authoring.desk.publish(authoring.writer(), _slug(slug), _condition(headers))
        )

    @routes.post("/posts/<slug>/unpublish")
    @hidden
    @protected(role="author")
    @operation(TAG, CHANGED, headers=IfMatch, problems=REFUSALS, path=SLUG)
    def unpublish_post(slug: str, headers: IfMatch) -> Response:
        """Makes a post a draft again. Caches that have it may show it for as long as they were
        told.
        """
        return authoring.answered(
            authoring.desk.unpublish(authoring.writer(), _slug(slug), _condition(headers))
        )

    @routes.delete("/posts/<slug>")
    @hidden
    @protected(role="author")
    @operation(
        TAG,
        {204: ResponseSpec("Done.", media_types=())},
        headers=IfMatch,
        problems=REFUSALS,
        path=SLUG,
    )
    def delete_post(slug: str, headers: IfMatch) -> Response:
        """Deletes a post, published or not, for good."""
        authoring.desk.delete(authoring.writer(), _slug(slug), _condition(headers))
        return Response(status=204)


def _slug(slug: str) -> str:
    if len(slug) > LONGEST_SLUG or not slug.isprintable():
        raise NoSuchPost
    return slug


def _condition(headers: IfMatch) -> Condition:
    if headers.if_match is None:
        return lambda _: True
    wanted = parse_etags(headers.if_match)
    return lambda post: wanted.contains_weak(tag_of(post))


def _told(status: int, detail: str) -> Callable[[Exception], Response]:
    return lambda _: problem(status, detail)
