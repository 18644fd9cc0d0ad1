"""Posts that were stored before posts had owners, revisions and HTML, and those of a later version."""

from service.blog.demo import demo_posts
from service.blog.markdown import Markdown
from service.blog.model import BlogPost
from service.blog.room import BlogRoom
from tests.service.blog.calls import POSTS, problem


def old_document(service, **changes) -> BlogPost:
    """A post as it was stored before posts had owners, revisions and HTML."""
    post = demo_posts()[0]
    document = post.to_document() | changes
    for member_name in (
        "html",
        "author_id",
        "published_by",
        "created_at",
        "updated_at",
        "revision",
    ):
        del document[member_name]
    service.mongo.database["posts"].insert_one(document)
    return post


def test_a_post_of_before_is_read_rendered_and_changed_by_admins_only(staff, service):
    post = old_document(service)
    url = f"{POSTS}/{post.slug}"
    read = staff.mara.client.get(url)
    assert (read.status_code, read.get_json()["html"]) == (200, Markdown().render(post.body))
    assert problem(staff.mara.client.delete(url, headers=staff.mara.headers)) == (
        403,
        "This post is somebody else's.",
    )

    headers = staff.admin.headers | {"If-Match": read.headers["ETag"]}
    response = staff.admin.client.patch(url, json={"title": "Anew"}, headers=headers)
    body = response.get_json()
    assert (response.status_code, body) == (
        200,
        {
            "slug": post.slug,
            "title": "Anew",
            "summary": post.summary,
            "category": post.category,
            "tags": list(post.tags),
            "author": post.author,
            "author_id": None,
            "status": "published",
            "created_at": None,
            "updated_at": body["updated_at"],
            "published_at": "2026-05-04T07:00:00.000Z",
            "published_by": None,
            "url": url,
            "body": post.body,
            "html": Markdown().render(post.body),
        },
    )
    assert (
        staff.admin.client.patch(url, json={"title": "Again"}, headers=headers).status_code == 412
    )
    assert staff.admin.client.delete(url, headers=staff.admin.headers).status_code == 204


def test_a_post_of_before_can_be_deleted_at_once(staff, service):
    post = old_document(service)
    assert (
        staff.admin.client.delete(f"{POSTS}/{post.slug}", headers=staff.admin.headers).status_code
        == 204
    )
    assert service.room(BlogRoom).posts.is_empty()


def test_members_of_a_later_version_are_no_mistake(client, service):
    post = old_document(service, colour="blue")
    assert client.get(f"{POSTS}/{post.slug}").status_code == 200
