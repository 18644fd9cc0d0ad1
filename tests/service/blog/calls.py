"""Requests of the blog's writers, and expected responses."""

import re
from dataclasses import dataclass

from tests.service.members import Member

BLOG = "/api/v1/blog"
POSTS = f"{BLOG}/posts"
DRAFTS = f"{BLOG}/drafts"
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
TAG = re.compile(r'"[0-9a-f]{32}"')
TEXT = {
    "title": "Naps, without regret",
    "summary": "Twenty minutes.",
    "category": "sleep",
    "tags": ["night", "short"],
    "body": "*Nap*.",
}
POST_NOT_FOUND = "There is no post of that slug that you may see."
REVISION_CONFLICT = "The post has changed since you read it; read it again."
CALLS = {
    "replace": ("PUT", "", {"json": TEXT | {"title": "Mine"}}),
    "edit": ("PATCH", "", {"json": {"title": "Mine"}}),
    "publish": ("POST", "/publish", {}),
    "unpublish": ("POST", "/unpublish", {}),
    "delete": ("DELETE", "", {}),
}


@dataclass
class Staff:
    """Logged-in accounts of each role."""

    mara: Member
    tom: Member
    admin: Member
    reader: Member


def create(who: Member, **changes):
    return who.client.post(POSTS, json=TEXT | changes, headers=who.headers)


def get(who: Member, url: str):
    return who.client.get(url, headers=who.headers)


def editable_post(who: Member, response, **changes) -> dict[str, object]:
    """Return the expected response body, with the response's own instants."""
    body = response.get_json()
    assert all(INSTANT.fullmatch(body[name]) for name in ("created_at", "updated_at"))
    assert TAG.fullmatch(response.headers["ETag"])
    expected = {
        "slug": "naps-without-regret",
        **{name: TEXT[name] for name in ("title", "summary", "category", "tags")},
        "author": who.account["name"],
        "author_id": who.account["id"],
        "status": "draft",
        "created_at": body["created_at"],
        "updated_at": body["updated_at"],
        "published_at": None,
        "published_by": None,
        "url": f"{DRAFTS}/naps-without-regret",
        "body": "*Nap*.",
        "html": "<p><em>Nap</em>.</p>\n",
    }
    return expected | changes
