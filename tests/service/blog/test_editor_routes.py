"""The routes for writers: whole responses, and access rights."""

import pytest

from service.blog.markdown import Markdown
from tests.service.blog.calls import (
    CALLS,
    DRAFTS,
    POST_NOT_FOUND,
    POSTS,
    REVISION_CONFLICT,
    TEXT,
    create,
    editable_post,
    get,
)
from tests.service.clients import problem


def counted_changes(telemetry) -> dict[tuple[str, str], float]:
    families = telemetry.registry.restricted_registry(["serene_post_writes_total"]).collect()
    return {
        (sample.labels["action"], sample.labels["result"]): sample.value
        for family in families
        for sample in family.samples
    }


def test_a_new_post_is_a_draft_that_its_author_sees(staff):
    response = create(staff.mara)
    body = response.get_json()
    assert (response.status_code, response.headers["Location"]) == (
        201,
        f"{DRAFTS}/naps-without-regret",
    )
    assert response.headers["Cache-Control"] == "private, no-store"
    assert body == editable_post(staff.mara, response)
    assert body["created_at"] == body["updated_at"]

    again = get(staff.mara, body["url"])
    assert (again.status_code, again.get_json(), again.headers["ETag"]) == (
        200,
        body,
        response.headers["ETag"],
    )
    assert again.headers["Cache-Control"] == "private, no-store"
    assert staff.mara.client.get(f"{POSTS}/{body['slug']}").status_code == 404


def test_a_post_can_be_published_at_once_and_readers_see_it(staff):
    response = create(staff.mara, status="published")
    body = response.get_json()
    url = f"{POSTS}/naps-without-regret"
    assert (response.status_code, response.headers["Location"]) == (201, url)
    published = {
        "status": "published",
        "published_at": body["created_at"],
        "published_by": staff.mara.account["id"],
        "url": url,
    }
    assert body == editable_post(staff.mara, response, **published)

    read = staff.mara.client.get(url)
    members = (
        "slug",
        "title",
        "summary",
        "category",
        "tags",
        "author",
        "published_at",
        "url",
        "body",
        "html",
    )
    assert read.get_json() == {name: body[name] for name in members}
    assert read.headers["ETag"] == response.headers["ETag"]
    assert read.headers["Cache-Control"] == (
        "public, max-age=60, stale-while-revalidate=300, stale-if-error=86400"
    )
    assert staff.mara.client.get(POSTS).get_json()["posts"] == [
        {name: body[name] for name in members[:-2]}
    ]
    assert problem(get(staff.mara, f"{DRAFTS}/{body['slug']}")) == (404, POST_NOT_FOUND)


def test_publishing_records_account_and_time_and_unpublishing_hides(staff):
    draft = create(staff.mara).get_json()
    url = f"{POSTS}/{draft['slug']}"
    response = staff.admin.client.post(f"{url}/publish", headers=staff.admin.headers)
    body = response.get_json()
    published = {
        "status": "published",
        "published_at": body["published_at"],
        "published_by": staff.admin.account["id"],
        "url": url,
    }
    assert (response.status_code, body) == (200, editable_post(staff.mara, response, **published))
    assert draft["created_at"] <= body["published_at"] <= body["updated_at"]
    again = staff.mara.client.post(f"{url}/publish", headers=staff.mara.headers)
    assert (again.get_json(), again.headers["ETag"]) == (body, response.headers["ETag"])
    assert staff.mara.client.get(url).status_code == 200

    response = staff.mara.client.post(f"{url}/unpublish", headers=staff.mara.headers)
    assert (response.status_code, response.get_json()) == (200, editable_post(staff.mara, response))
    assert staff.mara.client.get(url).status_code == 404
    assert staff.mara.client.get(POSTS).get_json() == {"posts": [], "next": None}


def test_a_post_is_replaced_whole_and_its_slug_stays(staff):
    draft = create(staff.mara).get_json()
    new = {"title": "Rest", "category": "calm", "body": "# Rest"}
    response = staff.mara.client.put(
        f"{POSTS}/{draft['slug']}", json=new, headers=staff.mara.headers
    )
    changes = new | {"summary": "", "tags": [], "html": "<h1>Rest</h1>\n"}
    assert (response.status_code, response.get_json()) == (
        200,
        editable_post(staff.mara, response, **changes),
    )
    assert response.get_json()["updated_at"] >= draft["updated_at"]


@pytest.mark.parametrize(
    ("changes", "more"),
    [
        ({"title": "Rest"}, {}),
        ({"summary": ""}, {}),
        ({"tags": []}, {}),
        ({"category": "calm", "tags": ["tea"]}, {}),
        ({"body": "[a](javascript:b)"}, {"html": "<p>[a](javascript:b)</p>\n"}),
    ],
)
def test_some_members_are_changed_and_the_others_stay(staff, changes, more):
    before = create(staff.mara)
    response = staff.mara.client.patch(
        f"{POSTS}/naps-without-regret", json=changes, headers=staff.mara.headers
    )
    assert (response.status_code, response.get_json()) == (
        200,
        editable_post(staff.mara, response, **changes, **more),
    )
    assert response.headers["ETag"] != before.headers["ETag"]


def test_update_without_a_difference_keeps_the_revision(staff):
    before = create(staff.mara)
    response = staff.mara.client.patch(
        f"{POSTS}/naps-without-regret", json={"title": TEXT["title"]}, headers=staff.mara.headers
    )
    assert (response.get_json(), response.headers["ETag"]) == (
        before.get_json(),
        before.headers["ETag"],
    )


def test_a_deleted_post_is_gone_and_its_slug_is_free(staff):
    first = create(staff.mara, status="published")
    url = f"{POSTS}/naps-without-regret"
    response = staff.mara.client.delete(url, headers=staff.mara.headers)
    assert (response.status_code, response.data) == (204, b"")
    assert staff.mara.client.get(url).status_code == 404
    assert problem(staff.mara.client.delete(url, headers=staff.mara.headers)) == (
        404,
        POST_NOT_FOUND,
    )

    second = create(staff.mara, status="published")
    assert second.get_json()["slug"] == first.get_json()["slug"]
    stale = staff.mara.headers | {"If-Match": first.headers["ETag"]}
    assert problem(staff.mara.client.delete(url, headers=stale)) == (412, REVISION_CONFLICT)


@pytest.mark.parametrize("call", CALLS)
def test_only_its_author_and_admins_change_a_post(staff, call):
    method, suffix, body = CALLS[call]
    url = f"{POSTS}/naps-without-regret{suffix}"
    seen_by = {}
    for status in ("draft", "published"):
        for who in ("reader", "tom", "mara", "admin"):
            create(staff.mara, status=status)
            caller = getattr(staff, who)
            seen_by[status, who] = caller.client.open(
                url, method=method, headers=caller.headers, **body
            ).status_code
            staff.admin.client.delete(f"{POSTS}/naps-without-regret", headers=staff.admin.headers)
    done = 204 if method == "DELETE" else 200
    assert seen_by == {
        ("draft", "reader"): 403,
        ("draft", "tom"): 404,
        ("draft", "mara"): done,
        ("draft", "admin"): done,
        ("published", "reader"): 403,
        ("published", "tom"): 403,
        ("published", "mara"): done,
        ("published", "admin"): done,
    }


def test_an_admins_change_leaves_the_author(staff):
    create(staff.mara)
    response = staff.admin.client.patch(
        f"{POSTS}/naps-without-regret", json={"title": "Rest"}, headers=staff.admin.headers
    )
    assert response.get_json() == editable_post(staff.mara, response, title="Rest")


def test_only_its_author_and_admins_see_a_draft(staff):
    url = create(staff.mara).get_json()["url"]
    statuses = {
        who: get(getattr(staff, who), url).status_code for who in ("mara", "tom", "admin", "reader")
    }
    assert statuses == {"mara": 200, "tom": 404, "admin": 200, "reader": 403}
    assert [
        len(get(who, DRAFTS).get_json()["posts"]) for who in (staff.mara, staff.tom, staff.admin)
    ] == [1, 0, 1]


def test_drafts_are_paged_newest_first(staff, service):
    slugs = [create(staff.mara, title=f"Night {number}").get_json()["slug"] for number in range(5)]
    create(staff.mara, title="Seen", status="published")
    create(staff.tom, title="Not hers")
    pages, url = [], f"{DRAFTS}?limit=2"
    while url:
        response = get(staff.mara, url)
        body = response.get_json()
        assert response.headers.get("Link") == (
            f'<{body["next"]}>; rel="next"' if body["next"] else None
        )
        pages.append([post["slug"] for post in body["posts"]])
        url = body["next"]
    assert pages == [slugs[:2:-1], slugs[2:0:-1], slugs[:1]]

    whole = get(staff.mara, f"{DRAFTS}/{slugs[4]}").get_json()
    assert get(staff.mara, f"{DRAFTS}?limit=1").get_json()["posts"] == [
        {name: value for name, value in whole.items() if name not in ("body", "html")}
    ]
    assert get(staff.mara, f"{DRAFTS}?limit=0&cursor=x").get_json(force=True)["errors"] == [
        {"field": "limit", "reason": "should be greater than or equal to 1"},
        {"field": "cursor", "reason": "should be the cursor of a page's next link"},
    ]


def test_a_title_of_emoji_only_has_a_slug(staff):
    assert [create(staff.mara, title="👩‍⚕️🙂").get_json()["slug"] for _ in range(2)] == [
        "post",
        "post-2",
    ]


def test_the_largest_body_is_written_and_read(staff):
    text = ("Lorem *ipsum* dolor sit amet.\n\n" * 4000)[:100_000]
    response = create(staff.mara, body=text, status="published")
    read = staff.mara.client.get(response.headers["Location"]).get_json()
    assert (
        response.status_code,
        read["body"] == text,
        read["html"] == Markdown().render(text),
    ) == (201, True, True)


def test_deleted_account_cannot_create_a_post(staff, service):
    service.mongo.database["accounts"].delete_one({"_id": staff.mara.account["id"]})
    assert problem(create(staff.mara)) == (401, "There is no such account any more.")


def test_changes_are_counted_by_action_and_outcome(staff, telemetry):
    url = f"{POSTS}/naps-without-regret"
    create(staff.mara)
    create(staff.mara, title="")
    create(staff.reader)
    staff.mara.client.patch(url, json={"title": "a"}, headers=staff.mara.headers)
    staff.mara.client.put(url, json=TEXT, headers=staff.mara.headers | {"If-Match": "x"})
    staff.mara.client.post(f"{url}/publish")
    staff.tom.client.post(f"{url}/unpublish", headers=staff.tom.headers)
    staff.mara.client.delete(url, headers=staff.mara.headers)
    get(staff.mara, DRAFTS)
    assert counted_changes(telemetry) == {
        ("create", "done"): 1.0,
        ("create", "invalid"): 1.0,
        ("create", "refused"): 1.0,
        ("edit", "done"): 1.0,
        ("edit", "conflict"): 1.0,
        ("publish", "refused"): 1.0,
        ("unpublish", "not_found"): 1.0,
        ("delete", "done"): 1.0,
    }
