"""Conditions of reads on the small app: 304, 412, and the tags of encodings."""

import pytest

TOKEN = {"Authorization": "Bearer x"}
DATE = "Fri, 02 Jan 2026 03:04:05 GMT"
EARLIER = "Fri, 02 Jan 2026 03:04:04 GMT"
STRONG, DATED, MINE = "/api/v1/strong", "/api/v1/dated", "/api/v1/mine"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        (STRONG, {}, 200),
        (STRONG, {"If-None-Match": '"state"'}, 304),
        (STRONG, {"If-None-Match": 'W/"state"'}, 304),
        (STRONG, {"If-None-Match": '"state-gzip"'}, 304),
        (STRONG, {"If-None-Match": '"x"'}, 200),
        (STRONG, {"If-None-Match": "state"}, 200),
        (STRONG, {"If-None-Match": "*"}, 304),
        (STRONG, TOKEN | {"If-None-Match": '"state"'}, 304),
        (STRONG, {"If-Modified-Since": DATE}, 304),
        (STRONG, {"If-Modified-Since": "Friday, 02-Jan-26 03:04:05 GMT"}, 304),
        (STRONG, {"If-Modified-Since": "Fri Jan  2 03:04:05 2026"}, 304),
        (STRONG, {"If-Modified-Since": EARLIER}, 200),
        (STRONG, {"If-Modified-Since": "nonsense"}, 200),
        (STRONG, {"If-Modified-Since": DATE, "If-None-Match": '"x"'}, 200),
        (STRONG, {"If-Match": '"state"'}, 200),
        (STRONG, {"If-Match": "*"}, 200),
        (STRONG, {"If-Match": '"x"'}, 412),
        (STRONG, {"If-Match": 'W/"state"'}, 412),
        (STRONG, {"If-Match": '"x"', "If-None-Match": '"state"'}, 412),
        (STRONG, {"If-Match": '"state"', "If-None-Match": '"state"'}, 304),
        (STRONG, {"If-Unmodified-Since": DATE}, 200),
        (STRONG, {"If-Unmodified-Since": EARLIER}, 412),
        (STRONG, {"If-Unmodified-Since": EARLIER, "If-Match": '"state"'}, 200),
        (STRONG, {"Range": "bytes=0-0"}, 200),
        (DATED, {"If-Modified-Since": DATE}, 304),
        (DATED, {"If-Unmodified-Since": EARLIER}, 412),
        (DATED, {"If-Match": '"x"'}, 412),
        ("/api/v1/small", {"If-Match": '"x"'}, 200),
        ("/api/v1/small", {"If-None-Match": "*"}, 200),
        ("/api/v1/events", {"If-None-Match": "*"}, 200),
        ("/nothing", {"If-Match": '"x"'}, 404),
        ("/nothing", {"If-None-Match": "*"}, 404),
    ],
)
def test_status_of_a_conditional_read(client, method, path, headers, status):
    response = client.open(path, method=method, headers=headers)
    assert response.status_code == status
    if method == "HEAD" or status == 304:
        assert response.data == b""
    elif status == 412:
        assert response.content_type == "application/problem+json"
        assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd"])
def test_each_encoding_has_a_strong_tag_of_its_own(client, encoding):
    response = client.get(STRONG, headers={"Accept-Encoding": encoding})
    tag = response.headers["ETag"]
    assert (tag, response.headers["Content-Encoding"]) == (f'"state-{encoding}"', encoding)
    for accepted in ("identity", "gzip", "br", "zstd"):
        for field, status in (("If-None-Match", 304), ("If-Match", 200)):
            again = client.get(STRONG, headers={"Accept-Encoding": accepted, field: tag})
            assert again.status_code == status
            if status == 304:
                assert again.headers["ETag"] == tag


def test_304_has_the_headers_that_a_cache_needs_and_none_of_a_body(client):
    fresh = client.get("/api/v1/posts", headers={"Accept-Encoding": "gzip"})
    again = client.get(
        "/api/v1/posts",
        headers={"Accept-Encoding": "gzip", "If-None-Match": fresh.headers["ETag"]},
    )
    assert again.status_code == 304
    for name in ("ETag", "Vary", "Cache-Control"):
        assert again.headers[name] == fresh.headers[name]
    absent = (
        "Content-Type",
        "Content-Length",
        "Content-Encoding",
        "Content-Range",
        "Last-Modified",
    )
    assert [name for name in absent if name in again.headers] == []


def test_conditions_do_not_depend_on_the_cache_headers(client_of):
    client = client_of(CACHE_CONTROL="false")
    assert client.get(STRONG, headers={"If-None-Match": '"state"'}).status_code == 304
    assert client.get(STRONG, headers={"If-Match": '"x"'}).status_code == 412


def test_several_lines_of_a_field_are_one_list(client):
    lines = [("If-None-Match", '"x"'), ("If-None-Match", '"state"')]
    assert client.get(STRONG, headers=lines).status_code == 304
