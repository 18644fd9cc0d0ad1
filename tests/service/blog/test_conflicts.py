"""Concurrent changes of posts, on a real database."""

from datetime import UTC, datetime

import gevent

from service.blog.room import BlogRoom
from tests.service.blog.calls import (
    CALLS,
    DRAFTS,
    POSTS,
    REVISION_CONFLICT,
    TEXT,
    create,
    get,
)
from tests.service.clients import problem


def test_change_with_an_outdated_etag_is_rejected(staff):
    first = create(staff.mara).headers["ETag"]
    url = f"{POSTS}/naps-without-regret"
    second = staff.mara.client.patch(
        url, json={"title": "Rest"}, headers=staff.mara.headers | {"If-Match": first}
    )
    assert second.status_code == 200

    refused = [
        staff.mara.client.open(
            url + suffix, method=method, headers=staff.mara.headers | {"If-Match": tag}, **body
        )
        for method, suffix, body in CALLS.values()
        for tag in (first, "", "x", '"x", W/"y"', f"W/{second.headers['ETag']}")
    ]
    assert {problem(response) for response in refused} == {(412, REVISION_CONFLICT)}
    assert get(staff.mara, f"{DRAFTS}/naps-without-regret").get_json() == second.get_json()

    now = second.headers["ETag"]
    for number, spelling in enumerate(('"x", "{}"', '"{}"', "*")):
        headers = staff.mara.headers | {"If-Match": spelling.format(now[1:-1])}
        response = staff.mara.client.patch(url, json={"title": f"Rest {number}"}, headers=headers)
        assert response.status_code == 200
        now = response.headers["ETag"]


def test_one_of_many_changes_of_one_revision_succeeds(staff):
    tag = create(staff.mara).headers["ETag"]

    def change(number):
        headers = staff.mara.headers | {"If-Match": tag}
        client = staff.mara.client.application.test_client()
        return client.patch(
            f"{POSTS}/naps-without-regret", json={"title": f"Title {number}"}, headers=headers
        )

    calls = [gevent.spawn(change, number) for number in range(16)]
    gevent.joinall(calls, raise_error=True)
    assert sorted(call.value.status_code for call in calls) == [200] + [412] * 15
    [winner] = [call.value for call in calls if call.value.status_code == 200]
    assert get(staff.mara, f"{DRAFTS}/naps-without-regret").get_json() == winner.get_json()


def test_concurrent_changes_without_a_condition_all_succeed(staff, service):
    create(staff.mara)
    members = [
        {"title": "Rest"},
        {"summary": "Now."},
        {"category": "calm"},
        {"tags": ["tea"]},
        {"body": "Tea"},
    ]

    def change(changes):
        client = staff.mara.client.application.test_client()
        return client.patch(
            f"{POSTS}/naps-without-regret", json=changes, headers=staff.mara.headers
        )

    calls = [gevent.spawn(change, changes) for changes in members]
    gevent.joinall(calls, raise_error=True)
    assert [call.value.status_code for call in calls] == [200] * 5
    body = get(staff.mara, f"{DRAFTS}/naps-without-regret").get_json()
    assert [{name: body[name] for name in changes} for changes in members] == members
    assert service.mongo.database["post_leases"].count_documents({}) == 0


def test_locked_post_is_a_conflict(staff, service, monkeypatch):
    monkeypatch.setattr("service.blog.editor.RETRY_DELAYS_SECONDS", (0.001, 0.001))
    create(staff.mara)
    revision = service.room(BlogRoom).posts.find("naps-without-regret").revision
    name, now = f"naps-without-regret:{revision}", datetime.now(UTC)
    lease = service.room(BlogRoom).leases.take(name, now=now, seconds=30)
    url = f"{POSTS}/naps-without-regret"
    detail = "Other requests are changing this post; send the request again."
    assert problem(staff.mara.client.delete(url, headers=staff.mara.headers)) == (409, detail)

    service.room(BlogRoom).leases.give_back(lease, now)
    service.room(BlogRoom).leases.take(name, now=now, seconds=-1)  # left by a dead worker
    assert staff.mara.client.delete(url, headers=staff.mara.headers).status_code == 204


def test_concurrent_posts_of_one_title_get_different_slugs(staff, service):
    def write():
        return staff.mara.client.application.test_client().post(
            POSTS, json=TEXT, headers=staff.mara.headers
        )

    calls = [gevent.spawn(write) for _ in range(20)]
    gevent.joinall(calls, raise_error=True)
    expected = {
        "naps-without-regret",
        *(f"naps-without-regret-{number}" for number in range(2, 21)),
    }
    assert [call.value.status_code for call in calls] == [201] * 20
    assert {call.value.get_json()["slug"] for call in calls} == expected
    assert {
        document["_id"] for document in service.mongo.database["posts"].find({}, {"_id": True})
    } == expected
