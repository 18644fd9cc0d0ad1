"""Caching: who may store which response, and when the response is 304."""

import pytest

TOKEN = {"Authorization": "Bearer x"}
TAG = 'W/"'


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "cache_control"),
    [
        ("GET", "/api/v1/posts", {}, 200, "public, max-age=60, stale-while-revalidate=300"),
        ("HEAD", "/api/v1/posts", {}, 200, "public, max-age=60, stale-while-revalidate=300"),
        ("GET", "/api/v1/posts", TOKEN, 200, "private, no-store"),
        ("GET", "/api/v1/mine", TOKEN, 200, "private, max-age=0"),
        ("GET", "/api/v1/mine", {}, 200, "private, max-age=0"),
        ("GET", "/api/v1/own-headers", TOKEN, 200, "no-cache"),
        ("GET", "/api/v1/small", {}, 200, "no-store"),
        ("GET", "/api/v1/small", TOKEN, 200, "private, no-store"),
        ("POST", "/api/v1/json", {}, 200, "no-store"),
        ("POST", "/api/v1/posts", TOKEN, 405, "private, no-store"),
        ("GET", "/nothing", {}, 404, "no-store"),
        ("GET", "/api/v1/events", {}, 200, "public, max-age=60"),
    ],
)
def test_cache_control_of_each_kind_of_response(
    client, method, path, headers, status, cache_control
):
    response = client.open(path, method=method, headers=headers)
    assert (response.status_code, response.headers["Cache-Control"]) == (status, cache_control)


@pytest.mark.parametrize(
    ("path", "headers", "tagged"),
    [
        ("/api/v1/posts", {}, True),
        ("/api/v1/posts", TOKEN, False),
        ("/api/v1/mine", TOKEN, True),
        ("/api/v1/small", {}, False),
        ("/api/v1/events", {}, False),
        ("/nothing", {}, False),
    ],
)
def test_cacheable_response_of_known_size_has_a_weak_etag(client, path, headers, tagged):
    response = client.get(path, headers=headers)
    assert response.headers.get("ETag", "").startswith(TAG) is tagged
    assert ("Authorization" in response.headers.get("Vary", "")) is (
        path in ("/api/v1/posts", "/api/v1/mine", "/api/v1/events")
    )


@pytest.mark.parametrize("form", ["{}", '"other", {}', "*", "strong"])
def test_matching_etag_gets_304(client, form):
    fresh = client.get("/api/v1/posts")
    tag = fresh.headers["ETag"]
    asked = tag.removeprefix("W/") if form == "strong" else form.format(tag)
    again = client.get("/api/v1/posts", headers={"If-None-Match": asked})
    kept = ("Cache-Control", "ETag", "Vary")
    assert (again.status_code, again.data) == (304, b"")
    assert [again.headers[name] for name in kept] == [fresh.headers[name] for name in kept]
    assert "Content-Type" not in again.headers


def test_other_etag_gets_the_whole_response(client):
    tag = client.get("/api/v1/mine", headers=TOKEN).headers["ETag"]
    response = client.get(
        "/api/v1/mine", headers={"Authorization": "Bearer y", "If-None-Match": tag}
    )
    assert (response.status_code, response.get_json()) == (200, {"of": "Bearer y"})
    assert response.headers["ETag"] != tag


def test_caching_that_is_off_adds_no_headers(client_of):
    response = client_of(CACHE_CONTROL="false").get("/api/v1/posts")
    assert {"Cache-Control", "ETag"} & set(response.headers.keys()) == set()
