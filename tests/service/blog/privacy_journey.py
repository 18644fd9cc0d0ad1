"""The blog's part of tests/service/privacy/test_journey.py."""

from tests.service.blog.calls import DRAFTS, POSTS
from tests.service.privacy.canaries import TOKEN, WORD
from tests.service.privacy.journey import Journey

TEXT = {
    "title": "Canary in a coal mine",
    "summary": WORD,
    "category": "canary",
    "tags": ["canary"],
    "body": f"*{WORD}*",
}


def walk(journey: Journey) -> None:
    """Create, change, publish, unpublish and delete a draft with a private title."""
    author = journey.register("author")
    slug = journey.call("POST", POSTS, author, status=201, json=TEXT)["slug"]
    assert slug == "canary-in-a-coal-mine"
    post, match = f"{POSTS}/{slug}", {"If-Match": '"canary"'}
    journey.call("GET", DRAFTS, author, status=200)
    journey.call("GET", f"{DRAFTS}/{slug}", author, status=200)
    journey.call("PUT", post, author, status=412, json=TEXT, headers=match)
    journey.call("PUT", post, author, status=200, json=TEXT | {"body": WORD * 2})
    journey.call("PATCH", post, author, status=200, json={"summary": WORD})
    journey.call("POST", f"{post}/publish", author, status=200)
    journey.call("POST", f"{post}/unpublish", author, status=200)
    journey.call("DELETE", post, author, status=204)
    # The address of a published post is public; what a reader searches for is private.
    public = journey.call(
        "POST",
        POSTS,
        author,
        status=201,
        json=TEXT | {"title": "Open to all", "status": "published"},
    )["slug"]
    journey.call("GET", f"{POSTS}?tag=canary&category=canary&q={TOKEN}", status=200)
    journey.call("GET", f"{POSTS}/{public}", status=200)
