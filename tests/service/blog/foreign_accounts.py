"""The blog's resources for tests/service/accounts/test_foreign_accounts.py."""

from tests.service.accounts.foreign_accounts import API, Resource, World
from tests.service.blog.calls import TEXT, create

# An author can read every published post, and an admin can edit every post.
DRAFT = {"member": 403, "therapist": 403, "author": 404}
POST = {"member": 403, "therapist": 403, "author": 403}
BLOG = f"{API}/blog/posts/<slug>"


def draft(world: World) -> dict[str, str]:
    return {"slug": create(world.owners["author"]).get_json()["slug"]}


def published(world: World) -> dict[str, str]:
    return {"slug": create(world.owners["author"], status="published").get_json()["slug"]}


RESOURCES = {
    ("GET", f"{API}/blog/drafts/<slug>"): Resource(draft, "author", DRAFT),
    ("PUT", BLOG): Resource(published, "author", POST, {"json": TEXT}),
    ("PATCH", BLOG): Resource(published, "author", POST, {"json": {"title": "Mine now"}}),
    ("DELETE", BLOG): Resource(published, "author", POST),
    ("POST", f"{BLOG}/publish"): Resource(draft, "author", DRAFT),
    ("POST", f"{BLOG}/unpublish"): Resource(published, "author", POST),
}
