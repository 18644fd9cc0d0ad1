"""Posts stored by earlier versions, without owners, revisions and HTML, and by later versions."""

from service.blog.demo import demo_posts
from service.blog.markdown import Markdown
from service.blog.model import BlogPost
from service.blog.repository import document_from_post
from service.blog.room import BlogRoom
from tests.service.blog.calls import POSTS
from tests.service.clients import problem


def old_document(service, **changes) -> BlogPost:
    """Store a post without owner, revision and HTML, as earlier versions did."""
    post = demo_posts()[0]
    document = document_from_post(post) | changes
    for member_name in (
        "html",
        "author_id",
        "published_by",
        "created_at",
        "updated_at",
        "revision",
        "category_key",
        "tag_keys",
    ):
        del document[member_name]
    service.mongo.database["posts"].insert_one(document)
    return post


def test_post_without_owner_is_rendered_and_changed_by_admins_only(staff, service):
    post = old_document(service)
    url = f"{POSTS}/{post.slug}"
    read = staff.mara.client.get(url)
    assert (read.status_code, read.get_json()["html"]) == (200, Markdown().render(post.body))
    assert problem(staff.mara.client.delete(url, headers=staff.mara.headers)) == (
        403,
        "This post belongs to another account.",
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


def test_admin_deletes_a_post_without_owner(staff, service):
    post = old_document(service)
    assert (
        staff.admin.client.delete(f"{POSTS}/{post.slug}", headers=staff.admin.headers).status_code
        == 204
    )
    assert service.room(BlogRoom).posts.is_empty()


def test_unknown_members_of_a_document_are_ignored(client, service):
    post = old_document(service, colour="blue")
    assert client.get(f"{POSTS}/{post.slug}").status_code == 200


def test_posts_without_search_keys_get_them_when_the_service_connects(client, service):
    post = old_document(service)
    service.mongo.set_up()
    for query in (f"tag={post.tags[0].upper()}", f"category={post.category.upper()}"):
        (found,) = client.get(f"{POSTS}?{query}").get_json()["posts"]
        assert found["slug"] == post.slug
