"""Downloads: whole files, ranges, and conditional requests."""

import hashlib

import pytest

from service.files.upload import CHUNK_BYTES
from tests.service.files.calls import upload
from tests.service.files.samples import PNG


def test_download_returns_the_bytes_and_their_headers(ada):
    body = upload(ada, name="静か.png".encode().decode("latin-1")).get_json()
    response = ada.client.get(
        body["content_url"], headers={**ada.headers, "Accept-Encoding": "gzip"}
    )
    wanted = (
        "Content-Type",
        "Content-Length",
        "Content-Disposition",
        "ETag",
        "Accept-Ranges",
        "Cache-Control",
        "X-Content-Type-Options",
    )
    assert (response.status_code, response.data) == (200, PNG)
    assert {
        name: response.headers.get(name) for name in (*wanted, "Content-Encoding", "Content-Range")
    } == {
        "Content-Type": "image/png",
        "Content-Length": str(len(PNG)),
        "Content-Disposition": (
            "attachment; filename=\"file.png\"; filename*=UTF-8''%E9%9D%99%E3%81%8B.png"
        ),
        "ETag": f'"{hashlib.sha256(PNG).hexdigest()}"',
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, max-age=0",
        "X-Content-Type-Options": "nosniff",
        "Content-Encoding": None,
        "Content-Range": None,
    }
    head = ada.client.head(body["content_url"], headers={**ada.headers, "Range": "bytes=0-1"})
    assert (head.status_code, head.data, head.headers["Content-Length"], head.headers["ETag"]) == (
        200,
        b"",
        str(len(PNG)),
        response.headers["ETag"],
    )


def test_text_is_sent_unchanged_and_uncompressed(ada):
    text = b"It is calm here. " * 1000
    body = upload(ada, text, "calm.html").get_json()
    response = ada.client.get(
        body["content_url"], headers={**ada.headers, "Accept-Encoding": "gzip, br, zstd"}
    )
    assert (response.data, response.content_type, response.headers.get("Content-Encoding")) == (
        text,
        "text/plain; charset=utf-8",
        None,
    )


CONTENT = bytes(range(256)) * (CHUNK_BYTES * 5 // 2 // 256)
WHOLE = PNG + CONTENT
SIZE = len(WHOLE)


@pytest.fixture
def large(ada):
    return upload(ada, WHOLE).get_json()


def test_range_returns_the_requested_bytes_across_chunks(ada, large):
    responses, expected = {}, {}
    for asked, begin, end in (
        ("bytes=0-0", 0, 1),
        ("bytes=-5", SIZE - 5, SIZE),
        ("bytes=5-", 5, SIZE),
        (f"bytes={CHUNK_BYTES - 2}-{CHUNK_BYTES + 1}", CHUNK_BYTES - 2, CHUNK_BYTES + 2),
        (f"bytes={CHUNK_BYTES}-{CHUNK_BYTES}", CHUNK_BYTES, CHUNK_BYTES + 1),
        (f"bytes={SIZE - 1}-{SIZE + 50}", SIZE - 1, SIZE),
    ):
        response = ada.client.get(large["content_url"], headers={**ada.headers, "Range": asked})
        headers = (
            response.headers["Content-Range"],
            response.headers["Cache-Control"],
            int(response.headers["Content-Length"]),
        )
        responses[asked] = (
            response.status_code,
            *headers,
            hashlib.sha256(response.data).hexdigest(),
        )
        expected[asked] = (
            206,
            f"bytes {begin}-{end - 1}/{SIZE}",
            "private, max-age=0",
            end - begin,
            hashlib.sha256(WHOLE[begin:end]).hexdigest(),
        )
    assert responses == expected


def test_invalid_range_is_ignored_and_a_range_past_the_end_is_416(ada):
    body = upload(ada).get_json()
    for asked in ("bytes=x", "bytes=4-2", "bytes=0-1,4-5", "lines=1-2"):
        response = ada.client.get(body["content_url"], headers={**ada.headers, "Range": asked})
        assert (response.status_code, response.data) == (200, PNG)
    for asked in (f"bytes={len(PNG)}-", "bytes=-0"):
        response = ada.client.get(body["content_url"], headers={**ada.headers, "Range": asked})
        assert (response.status_code, response.content_type) == (416, "application/problem+json")
        assert response.headers["Content-Range"] == f"bytes */{len(PNG)}"


def test_if_range_with_another_etag_returns_the_whole_file(ada):
    body = upload(ada).get_json()
    etag = f'"{body["sha256"]}"'
    responses = {}
    for if_range in (etag, '"other"', f"W/{etag}", "Wed, 25 Nov 2026 00:00:00 GMT"):
        for asked in ("bytes=0-0", "bytes=999-"):
            response = ada.client.get(
                body["content_url"], headers={**ada.headers, "Range": asked, "If-Range": if_range}
            )
            responses[if_range, asked] = response.status_code
    assert [status for (if_range, _), status in responses.items() if if_range == etag] == [206, 416]
    assert {status for (if_range, _), status in responses.items() if if_range != etag} == {200}


def test_if_none_match_with_the_current_etag_is_304(ada):
    body = upload(ada).get_json()
    etag = f'"{body["sha256"]}"'
    for given in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        response = ada.client.get(
            body["content_url"],
            headers={**ada.headers, "If-None-Match": given, "Range": "bytes=0-0"},
        )
        assert (
            response.status_code,
            response.data,
            response.headers["ETag"],
            response.headers["Cache-Control"],
        ) == (
            304,
            b"",
            etag,
            "private, max-age=0",
        )
    assert (
        ada.client.get(
            body["content_url"], headers={**ada.headers, "If-None-Match": '"other"'}
        ).status_code
        == 200
    )
