"""Content with a coding or a range is refused, and OPTIONS costs nothing."""

import pytest

JSON = "/api/v1/json"


@pytest.mark.parametrize(
    ("coding", "status"),
    [
        ("gzip", 415),
        ("x-gzip", 415),
        ("br", 415),
        ("deflate", 415),
        ("zstd", 415),
        ("compress", 415),
        ("gzip, identity", 415),
        ("identity, gzip", 415),
        ("gzip, gzip", 415),
        ("GZIP", 415),
        ("nonsense", 415),
        ("identity", 200),
        ("Identity", 200),
        ("identity, identity", 200),
        ("", 200),
        (",", 200),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_content_with_a_coding_is_refused(client, method, coding, status):
    response = client.open(JSON, method=method, data=b"{}", headers={"Content-Encoding": coding})
    assert response.status_code == status
    assert response.headers.get("Accept-Encoding") == ("identity" if status == 415 else None)
    if status == 415:
        assert response.content_type == "application/problem+json"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_part_of_a_representation_is_refused(client, method):
    response = client.open(
        JSON, method=method, data=b"{}", headers={"Content-Range": "bytes 0-1/10"}
    )
    assert (response.status_code, response.content_type) == (400, "application/problem+json")


def test_read_with_such_headers_is_answered(client):
    headers = {"Content-Encoding": "gzip", "Content-Range": "bytes 0-1/10"}
    assert client.get("/api/v1/small", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("path", "allow", "accept_patch"),
    [
        ("/api/v1/posts", {"GET", "HEAD", "OPTIONS"}, None),
        (JSON, {"OPTIONS", "POST", "PUT", "PATCH", "DELETE"}, "application/json"),
    ],
)
def test_options_lists_the_methods_and_has_no_body(client, path, allow, accept_patch):
    for headers in ({}, {"Content-Encoding": "gzip"}, {"If-Match": '"x"'}):
        response = client.options(path, headers=headers)
        assert (response.status_code, response.data, set(response.allow)) == (200, b"", allow)
        assert response.headers.get("Accept-Patch") == accept_patch


def test_unknown_path_has_no_options(client):
    assert client.options("/nothing").status_code == 404


def test_preflight_gets_no_permission(client):
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    response = client.options(JSON, headers=headers)
    assert [name for name, _ in response.headers if name.startswith("Access-Control")] == []


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("//api/v1/posts", 200),
        ("/api//v1/posts", 404),
        ("/api/v1//posts", 404),
        ("//evil.example/api/v1/posts", 404),
        ("/api/v1/posts/", 404),
    ],
)
def test_path_with_two_slashes_redirects_nowhere(client, path, status):
    response = client.get(
        "/", headers={"Host": "evil.example"}, environ_overrides={"PATH_INFO": path}
    )
    assert (response.status_code, response.headers.get("Location")) == (status, None)
    assert not response.get_json(force=True).get("instance", "").startswith("//")
