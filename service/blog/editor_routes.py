"""The blog's routes for writers: authors change their own posts, admins change all.

The ``ETag`` of a response identifies the post's revision; sent back as ``If-Match`` it rejects a
change when the post has changed meanwhile (``service.blog.editor`` documents the guarantee). It is
strong, as ``If-Match`` requires. No response here may be cached.

Source: RFC 9110, 13.1 (conditions) and 15.5.13 (412); RFC 5789 (PATCH), whose body is the members
that change.
"""

from collections.abc import Callable
from typing import Final

from flask import Blueprint, Response
from prometheus_flask_exporter import PrometheusMetrics

from service import metrics as business
from service.accounts.guard import account_gone, current_account, protected
from service.accounts.repository import AccountRepository
from service.blog.editor import (
    Condition,
    NotPostOwner,
    PostEditor,
    PostLocked,
    PostNotFound,
    RevisionConflict,
    Writer,
)
from service.blog.markdown import Markdown
from service.blog.model import BlogPost
from service.blog.routes import LONGEST_SLUG, SLUG, TAG
from service.blog.schemas import (
    DraftsPage,
    EditablePost,
    EditablePostOverview,
    NewPost,
    PostChanges,
    PostText,
    url_of,
    validators_of,
)
from service.http.business_metrics import counted_writes
from service.http.conditions import WriteConditions, add_validators
from service.http.openapi.links import links_to
from service.http.operation import ResponseSpec, operation
from service.http.pagination import LINK, PageQuery, with_next_link
from service.http.problems import problem
from service.http.responses import json_response
from service.mongo.clock import utc_now
from telemetry import private_in_path

private_slug: Final = private_in_path("slug")
"""A slug shows the title, which is private while the post is a draft."""

ETAG: Final = {
    "ETag": "Of this revision, for `If-Match`.",
    "Last-Modified": "Of this revision, for `If-Unmodified-Since`; absent within its first second.",
}
_SLUG_PARAMETER: Final = {"slug": "$response.body#/slug"}
_REVISION_PARAMETERS: Final = _SLUG_PARAMETER | {"If-Match": "$response.header.ETag"}
LINKS: Final = (
    *links_to(
        _REVISION_PARAMETERS,
        "authoring.replace_post",
        "authoring.edit_post",
        "authoring.publish_post",
        "authoring.unpublish_post",
    ),
    *links_to(_SLUG_PARAMETER, "authoring.get_draft", "authoring.delete_post"),
)
CHANGED: Final = {200: ResponseSpec("The changed post.", EditablePost, headers=ETAG, links=LINKS)}
CREATED: Final = {
    201: ResponseSpec(
        "The post.", EditablePost, headers=ETAG | {"Location": "URL of the post."}, links=LINKS
    )
}
PROBLEMS: Final = (404, 409, 412)
ACTIONS: Final = {
    "authoring.create_post": "create",
    "authoring.replace_post": "edit",
    "authoring.edit_post": "edit",
    "authoring.publish_post": "publish",
    "authoring.unpublish_post": "unpublish",
    "authoring.delete_post": "delete",
}
_FAILURES: Final = {
    PostNotFound: (404, "There is no post of that slug that you may see."),
    NotPostOwner: (403, "This post belongs to another account."),
    RevisionConflict: (412, "The post has changed since you read it; read it again."),
    PostLocked: (409, "Other requests are changing this post; send the request again."),
}


class _Editing:
    """Shared parts of the routes."""

    def __init__(self, accounts: AccountRepository, editor: PostEditor, markdown: Markdown) -> None:
        self.editor = editor
        self._accounts = accounts
        self._markdown = markdown

    def writer(self) -> Writer:
        """Return the caller; a token may outlive its account."""
        caller = current_account()
        account = self._accounts.get(caller.account_id)
        if account is None:
            raise account_gone()
        return Writer(account.account_id, account.name, caller.role)

    def response(self, post: BlogPost, status: int = 200) -> Response:
        """Return a post as a response."""
        html = post.html or self._markdown.render_cached(post.body)
        response = json_response(EditablePost.whole(post, html), status)
        return add_validators(response, validators_of(post, utc_now()))


def blueprint(
    accounts: AccountRepository, editor: PostEditor, markdown: Markdown, metrics: PrometheusMetrics
) -> Blueprint:
    """Return the routes for writers.

    Args:
        accounts: Holds the names of authors.
        editor: Changes posts.
        markdown: Renders posts whose HTML is not stored.
        metrics: Registers the business metrics.
    """
    # The name is part of operation ids, which clients generate code from.
    routes = Blueprint("authoring", __name__, url_prefix="/api/v1/blog")
    editing = _Editing(accounts, editor, markdown)
    for failure, (status, detail) in _FAILURES.items():
        routes.register_error_handler(failure, _problem_handler(status, detail))
    counted_writes(routes, metrics, business.POST_WRITES, ACTIONS)
    _add_draft_routes(routes, editing)
    _add_text_routes(routes, editing)
    _add_status_routes(routes, editing)
    return routes


def _add_draft_routes(routes: Blueprint, editing: _Editing) -> None:
    @routes.get("/drafts")
    @protected(role="author")
    @operation(
        TAG, {200: ResponseSpec("A page of drafts.", DraftsPage, headers=LINK)}, query=PageQuery
    )
    def list_drafts(query: PageQuery) -> Response:
        """List drafts

        Returns the caller's drafts, newest first; for an admin the drafts of all authors.
        """
        page = editing.editor.drafts(editing.writer(), limit=query.limit, after=query.after)
        next_url = query.next_url("authoring.list_drafts", page.next)
        overviews = tuple(map(EditablePostOverview.of, page.posts))
        return with_next_link(json_response(DraftsPage(posts=overviews, next=next_url)), next_url)

    @routes.get("/drafts/<slug>")
    @private_slug
    @protected(role="author")
    @operation(
        TAG,
        {200: ResponseSpec("The draft.", EditablePost, headers=ETAG, links=LINKS)},
        problems=(404,),
        path=SLUG,
    )
    def get_draft(slug: str) -> Response:
        """Get a draft

        Returns a draft with its text. Drafts of other authors and published posts are not found.
        """
        return editing.response(editing.editor.draft(editing.writer(), _checked(slug)))


def _add_text_routes(routes: Blueprint, editing: _Editing) -> None:
    @routes.post("/posts")
    @protected(role="author")
    @operation(TAG, CREATED, body=NewPost)
    def create_post(body: NewPost) -> Response:
        """Create a post

        The post is a draft unless `status` is `published`. Its slug is derived from its title and
        never changes; a number is appended when the slug is taken.
        """
        post = editing.editor.create(editing.writer(), body.text(), body.status)
        response = editing.response(post, 201)
        response.headers["Location"] = url_of(post)
        return response

    @routes.put("/posts/<slug>")
    @private_slug
    @protected(role="author")
    @operation(TAG, CHANGED, body=PostText, headers=WriteConditions, problems=PROBLEMS, path=SLUG)
    def replace_post(slug: str, headers: WriteConditions, body: PostText) -> Response:
        """Replace a post

        Members that the request omits become empty. The status does not change.
        """
        return editing.response(
            editing.editor.edit(editing.writer(), _checked(slug), body.text(), _condition(headers))
        )

    @routes.patch("/posts/<slug>")
    @private_slug
    @protected(role="author")
    @operation(
        TAG, CHANGED, body=PostChanges, headers=WriteConditions, problems=PROBLEMS, path=SLUG
    )
    def edit_post(slug: str, headers: WriteConditions, body: PostChanges) -> Response:
        """Update a post

        Members that the request omits do not change.
        """
        return editing.response(
            editing.editor.edit(
                editing.writer(), _checked(slug), body.changes(), _condition(headers)
            )
        )


def _add_status_routes(routes: Blueprint, editing: _Editing) -> None:
    @routes.post("/posts/<slug>/publish")
    @private_slug
    @protected(role="author")
    @operation(TAG, CHANGED, headers=WriteConditions, problems=PROBLEMS, path=SLUG)
    def publish_post(slug: str, headers: WriteConditions) -> Response:
        """Publish a post

        The time of publication is the time of this request. A published post does not change.
        """
        return editing.response(
            editing.editor.publish(editing.writer(), _checked(slug), _condition(headers))
        )

    @routes.post("/posts/<slug>/unpublish")
    @private_slug
    @protected(role="author")
    @operation(TAG, CHANGED, headers=WriteConditions, problems=PROBLEMS, path=SLUG)
    def unpublish_post(slug: str, headers: WriteConditions) -> Response:
        """Unpublish a post

        The post becomes a draft. Caches may show it until their copies expire.
        """
        return editing.response(
            editing.editor.unpublish(editing.writer(), _checked(slug), _condition(headers))
        )

    @routes.delete("/posts/<slug>")
    @private_slug
    @protected(role="author")
    @operation(
        TAG,
        {204: ResponseSpec("The post is deleted.", media_types=())},
        headers=WriteConditions,
        problems=PROBLEMS,
        path=SLUG,
    )
    def delete_post(slug: str, headers: WriteConditions) -> Response:
        """Delete a post

        Deletes a draft or a published post permanently; its slug becomes free.
        """
        editing.editor.delete(editing.writer(), _checked(slug), _condition(headers))
        return Response(status=204)


def _checked(slug: str) -> str:
    if len(slug) > LONGEST_SLUG or not slug.isprintable():
        raise PostNotFound
    return slug


def _condition(headers: WriteConditions) -> Condition:
    return lambda post: headers.hold_for(validators_of(post))


def _problem_handler(status: int, detail: str) -> Callable[[Exception], Response]:
    return lambda _: problem(status, detail)
