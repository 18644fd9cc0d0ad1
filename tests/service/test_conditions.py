"""Conditions on every resource that has a validator, on the real database."""

import gevent
import pytest

from service.bootstrap import Service
from tests.service.files.calls import FILES, upload
from tests.service.files.samples import PNG
from tests.service.members import Member, member, with_role
from tests.service.rooms import has_room

PAST, FUTURE = "Sun, 06 Nov 1994 08:49:37 GMT", "Tue, 06 Nov 2096 08:49:37 GMT"
PROFILE = {
    "name": "Ada Lovelace",
    "title": "Psychotherapist",
    "languages": ["en"],
    "specialties": ["sleep"],
    "price": {"amount": 8000, "currency": "eur"},
}
POSTS = "/api/v1/blog/posts"
TEXT = {"title": "Naps", "category": "sleep", "body": "*Nap*."}
ME, THERAPISTS = "/api/v1/therapists/me", "/api/v1/therapists"
needs_blog = pytest.mark.skipif(not has_room("blog"), reason="the room of the blog was deleted")


@pytest.fixture
def client(service):
    """A client of the service on an empty database."""
    return service.app.test_client()


@pytest.fixture
def mara(client, service: Service) -> Member:
    """An author."""
    return with_role(client, service, "author", name="Mara", email="mara@serene-mail.com")


@pytest.fixture
def therapist(client, service: Service) -> Member:
    """A therapist without a profile."""
    return with_role(client, service, "therapist", name="Ada", email="ada@serene-mail.com")


def call(who: Member, method: str, url: str, headers=(), **options):
    """Call a route in a client of its own, as concurrent requests do."""
    client = who.client.application.test_client()
    return client.open(url, method=method, headers=who.headers | dict(headers), **options)


def reads(tag: str) -> dict[str, tuple[dict[str, str], int]]:
    """Return conditions of a read of a resource with a strong tag and a date, and the status."""
    return {
        "none": ({}, 200),
        "its tag": ({"If-None-Match": tag}, 304),
        "its tag as weak": ({"If-None-Match": f"W/{tag}"}, 304),
        "in a list": ({"If-None-Match": f'"x", {tag}'}, 304),
        "any": ({"If-None-Match": "*"}, 304),
        "another": ({"If-None-Match": '"x"'}, 200),
        "unquoted": ({"If-None-Match": tag.strip('"')}, 200),
        "since the future": ({"If-Modified-Since": FUTURE}, 304),
        "since the past": ({"If-Modified-Since": PAST}, 200),
        "tag before date": ({"If-None-Match": '"x"', "If-Modified-Since": FUTURE}, 200),
        "match": ({"If-Match": tag}, 200),
        "match weak": ({"If-Match": f"W/{tag}"}, 412),
        "match another": ({"If-Match": '"x"'}, 412),
        "match any": ({"If-Match": "*"}, 200),
        "unmodified": ({"If-Unmodified-Since": FUTURE}, 200),
        "modified": ({"If-Unmodified-Since": PAST}, 412),
        "match before date": ({"If-Match": tag, "If-Unmodified-Since": PAST}, 200),
        "match then none match": ({"If-Match": '"x"', "If-None-Match": tag}, 412),
    }


def refused_writes(tag: str) -> dict[str, dict[str, str]]:
    """Return conditions of a write that do not hold for a resource with a strong tag."""
    return {
        "another": {"If-Match": '"x"'},
        "weak": {"If-Match": f"W/{tag}"},
        "empty": {"If-Match": ""},
        "unquoted": {"If-Match": tag.strip('"')},
        "malformed list": {"If-Match": f"{tag}, x"},
        "any and a tag": {"If-Match": f"*, {tag}"},
        "must not exist": {"If-None-Match": "*"},
        "must not be this": {"If-None-Match": tag},
        "must not be this, weak": {"If-None-Match": f"W/{tag}"},
        "match, but not this": {"If-Match": tag, "If-None-Match": tag},
    }


def statuses_of_reads(who: Member, url: str, tag: str) -> dict[str, int]:
    seen = {}
    for name, (headers, _) in reads(tag).items():
        for method in ("GET", "HEAD"):
            response = call(who, method, url, headers)
            seen[f"{method} {name}"] = response.status_code
            assert response.data == b"" or (method == "GET" and response.status_code != 304)
    return seen


def expected_of_reads(tag: str) -> dict[str, int]:
    return {
        f"{method} {name}": status
        for name, (_, status) in reads(tag).items()
        for method in ("GET", "HEAD")
    }


@needs_blog
def test_post_is_read_and_changed_under_conditions(mara):
    url = call(mara, "POST", POSTS, json=TEXT | {"status": "published"}).headers["Location"]
    gevent.sleep(1.1)  # within its first second a post has no date
    fresh = call(mara, "GET", url)
    tag = fresh.headers["ETag"]
    assert not tag.startswith("W/")
    assert "Last-Modified" in fresh.headers
    assert statuses_of_reads(mara, url, tag) == expected_of_reads(tag)

    refusals = refused_writes(tag) | {"modified": {"If-Unmodified-Since": PAST}}
    seen = {
        (method, name): call(mara, method, url + suffix, headers, **body).status_code
        for name, headers in refusals.items()
        for method, suffix, body in (
            ("PUT", "", {"json": TEXT}),
            ("PATCH", "", {"json": {"title": "Mine"}}),
            ("POST", "/publish", {}),
            ("POST", "/unpublish", {}),
            ("DELETE", "", {}),
        )
    }
    assert set(seen.values()) == {412}
    assert call(mara, "GET", url).get_json() == fresh.get_json()

    date = {"If-Unmodified-Since": fresh.headers["Last-Modified"]}
    assert call(mara, "PATCH", url, date, json={"title": "Tea"}).status_code == 200
    assert call(mara, "PATCH", url, date, json={"title": "No"}).status_code == 412
    assert call(mara, "DELETE", url, {"If-Match": "*"}).status_code == 204
    assert call(mara, "DELETE", url, {"If-Match": "*"}).status_code == 404


@needs_blog
def test_tag_of_a_compressed_post_is_a_condition_too(mara):
    long = TEXT | {"status": "published", "body": "Calm. " * 500}
    url = call(mara, "POST", POSTS, json=long).headers["Location"]
    for encoding in ("gzip", "br", "zstd"):
        accepting = {"Accept-Encoding": encoding}
        tag = call(mara, "GET", url, accepting).headers["ETag"]
        assert tag.endswith(f'-{encoding}"')
        assert call(mara, "GET", url, accepting | {"If-None-Match": tag}).status_code == 304
        changes = {"title": f"Calm by {encoding}"}
        assert call(mara, "PATCH", url, {"If-Match": tag}, json=changes).status_code == 200
        assert call(mara, "PATCH", url, {"If-Match": tag}, json=changes).status_code == 412


def test_file_and_its_bytes_are_read_and_deleted_under_conditions(client):
    ada = member(client)
    file = upload(ada)
    url, content = file.headers["Location"], file.get_json()["content_url"]
    tag, bytes_tag = file.headers["ETag"], f'"{file.get_json()["sha256"]}"'
    assert call(ada, "GET", url).headers["ETag"] == tag
    assert statuses_of_reads(ada, url, tag) == expected_of_reads(tag)
    assert statuses_of_reads(ada, content, bytes_tag) == expected_of_reads(bytes_tag)

    refusals = refused_writes(tag) | {"modified": {"If-Unmodified-Since": PAST}}
    seen = {
        name: call(ada, "DELETE", url, headers).status_code for name, headers in refusals.items()
    }
    assert seen == dict.fromkeys(refusals, 412)
    assert call(ada, "GET", content).data == PNG
    assert call(ada, "DELETE", url, {"If-Match": tag}).status_code == 204
    assert call(ada, "DELETE", url, {"If-Match": tag}).status_code == 404


def test_ranges_of_a_file_obey_the_conditions_before_them(client):
    ada = member(client)
    file = upload(ada).get_json()
    url, tag = file["content_url"], f'"{file["sha256"]}"'
    date = call(ada, "GET", url).headers["Last-Modified"]
    part, size = {"Range": "bytes=0-3"}, len(PNG)
    expected = {
        "range": ("GET", part, 206),
        "range of a head": ("HEAD", part, 200),
        "range in other case": ("GET", {"Range": "Bytes=0-3"}, 206),
        "suffix": ("GET", {"Range": "bytes=-3"}, 206),
        "longer suffix": ("GET", {"Range": f"bytes=-{size + 5}"}, 206),
        "several": ("GET", {"Range": "bytes=0-0,2-2"}, 200),
        "two lines": ("GET", [("Range", "bytes=0-0"), ("Range", "bytes=2-2")], 200),
        "other unit": ("GET", {"Range": "lines=0-3"}, 200),
        "malformed": ("GET", {"Range": "bytes=3-0"}, 200),
        "beyond": ("GET", {"Range": f"bytes={size}-"}, 416),
        "no byte": ("GET", {"Range": "bytes=-0"}, 416),
        "beyond of a head": ("HEAD", {"Range": f"bytes={size}-"}, 200),
        "current tag": ("GET", part | {"If-Range": tag}, 206),
        "weak tag": ("GET", part | {"If-Range": f"W/{tag}"}, 200),
        "other tag": ("GET", part | {"If-Range": '"x"'}, 200),
        "tag of an encoding": ("GET", part | {"If-Range": f'"{file["sha256"]}-gzip"'}, 200),
        "current date": ("GET", part | {"If-Range": date}, 206),
        "later date": ("GET", part | {"If-Range": FUTURE}, 200),
        "empty If-Range": ("GET", part | {"If-Range": ""}, 200),
        "beyond, of another tag": ("GET", {"Range": "bytes=999999-", "If-Range": '"x"'}, 200),
        "copy": ("GET", part | {"If-None-Match": tag}, 304),
        "copy, beyond": ("GET", {"Range": "bytes=999999-", "If-None-Match": tag}, 304),
        "gone": ("GET", part | {"If-Match": '"x"'}, 412),
        "gone, beyond": ("GET", {"Range": "bytes=999999-", "If-Match": '"x"'}, 412),
        "compressed": ("GET", part | {"Accept-Encoding": "gzip"}, 206),
    }
    seen = {}
    for name, (method, headers, _) in expected.items():
        lines = [*ada.headers.items(), *(headers.items() if isinstance(headers, dict) else headers)]
        response = ada.client.open(url, method=method, headers=lines)
        seen[name] = response.status_code
        assert "Content-Encoding" not in response.headers
        if response.status_code == 416:
            assert response.headers["Content-Range"] == f"bytes */{size}"
        if response.status_code in (200, 206):
            assert response.headers["Accept-Ranges"] == "bytes"
    assert seen == {name: status for name, (_, _, status) in expected.items()}


def test_therapists_profile_is_created_and_replaced_under_conditions(therapist):
    def put(headers: dict[str, str], **changes: object):
        return call(therapist, "PUT", ME, headers, json=PROFILE | changes)

    assert put({"If-Match": "*"}).status_code == 412
    assert put({"If-Match": '"x"'}).status_code == 412
    first = put({"If-None-Match": "*"})
    assert (first.status_code, put({"If-None-Match": "*"}).status_code) == (201, 412)
    url, tag = first.headers["Location"], first.headers["ETag"]
    assert url == f"{THERAPISTS}/{therapist.account['id']}"
    assert call(therapist, "GET", url).headers["ETag"] == tag

    seen = {name: put(headers).status_code for name, headers in refused_writes(tag).items()}
    assert set(seen.values()) == {412}
    second = put({"If-Match": tag}, title="Psychologist")
    assert (second.status_code, put({"If-Match": tag}).status_code) == (200, 412)
    # The same text again is another revision.
    third = put({}, title="Psychologist")
    assert third.headers["ETag"] != second.headers["ETag"]
    assert put({"If-Match": second.headers["ETag"]}).status_code == 412
    public = call(therapist, "GET", url, {"If-None-Match": third.headers["ETag"]})
    assert public.status_code == 304


@pytest.mark.parametrize("condition", ["none yet", "one revision"])
def test_one_of_many_conditional_writes_of_a_profile_succeeds(therapist, condition):
    headers = {"If-None-Match": "*"}
    if condition == "one revision":
        headers = {"If-Match": call(therapist, "PUT", ME, json=PROFILE).headers["ETag"]}

    def put(number: int):
        return call(therapist, "PUT", ME, headers, json=PROFILE | {"title": f"Title {number}"})

    calls = [gevent.spawn(put, number) for number in range(16)]
    gevent.joinall(calls, raise_error=True)
    [winner] = [one.value for one in calls if one.value.status_code in (200, 201)]
    assert sorted(one.value.status_code for one in calls)[1:] == [412] * 15
    url = f"{THERAPISTS}/{therapist.account['id']}"
    assert call(therapist, "GET", url).get_json() == winner.get_json()


@pytest.mark.parametrize(
    "url",
    [
        "/",
        "/api/v1/openapi.json",
        "/api/v1/docs",
        "/api/v1/docs/swagger-ui.css",
        "/api/v1/therapists",
    ],
)
def test_public_page_is_read_under_conditions(client, url):
    fresh = client.get(url)
    tag = fresh.headers["ETag"]
    for headers, status in (
        ({"If-None-Match": tag}, 304),
        ({"If-None-Match": f'"x", {tag}'}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": '"x"'}, 200),
        ({"If-Match": '"x"'}, 412),
        ({"If-Match": "*"}, 200),
        # By the strong comparison a weak tag matches nothing.
        ({"If-Match": tag}, 412 if tag.startswith("W/") else 200),
        ({"Range": "bytes=0-0"}, 200),
    ):
        response = client.get(url, headers=headers)
        assert (headers, response.status_code) == (headers, status)
        if status == 304:
            assert response.headers["ETag"] == tag
            assert response.headers["Vary"] == fresh.headers["Vary"]
            assert response.headers["Cache-Control"] == fresh.headers["Cache-Control"]


def test_write_for_a_version_is_refused_where_there_are_none(client, mara):
    for method, url, body in (
        ("POST", FILES, {"data": PNG, "content_type": "application/octet-stream"}),
        ("POST", "/api/v1/auth/logout", {"json": {"refresh_token": "x"}}),
    ):
        assert call(mara, method, url, {"If-Match": '"x"'}, **body).status_code == 412
    assert call(mara, "GET", FILES).get_json()["files"] == []
