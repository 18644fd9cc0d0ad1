"""Responses are compressed when the client accepts it and their size and type allow it."""

import gzip

import brotli
import pytest
from backports import zstd

from tests.service.http.middleware.app import TEXT

DECODERS = {"zstd": zstd.decompress, "br": brotli.decompress, "gzip": gzip.decompress, None: bytes}


@pytest.mark.parametrize(
    ("accepts", "encoding"),
    [
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, br", "br"),
        ("gzip", "gzip"),
        ("br;q=0.5, gzip;q=0.9", "gzip"),
        ("deflate", None),
        ("zstd;q=0, identity", None),
        ("gzip;q=0", None),
        ("gzip; q=0.5", "gzip"),
        ("zstd;q=0, *", "br"),
        ("", None),
    ],
)
def test_best_accepted_encoding_is_used(client, accepts, encoding):
    response = client.get("/api/v1/posts", headers={"Accept-Encoding": accepts})
    assert (response.status_code, response.headers.get("Content-Encoding")) == (200, encoding)
    assert "Accept-Encoding" in response.headers["Vary"]
    assert int(response.headers["Content-Length"]) == len(response.data)
    assert TEXT in DECODERS[encoding](response.data).decode()
    assert (len(response.data) < 300) is (encoding is not None)


@pytest.mark.parametrize("path", ["/api/v1/small", "/api/v1/image", "/api/v1/events", "/nothing"])
def test_small_streamed_and_compressed_responses_stay_unchanged(client, path):
    response = client.get(path, headers={"Accept-Encoding": "gzip, br, zstd"})
    assert "Content-Encoding" not in response.headers


def test_response_without_a_body_has_neither_type_nor_encoding(client):
    response = client.get("/api/v1/no-content", headers={"Accept-Encoding": "gzip, br, zstd"})
    assert (response.status_code, response.data) == (204, b"")
    assert {*response.headers.keys()} & {
        "Content-Type",
        "Content-Encoding",
        "Content-Length",
    } == set()


def test_stream_is_sent_chunk_by_chunk(client):
    response = client.open("/api/v1/events", headers={"Accept-Encoding": "zstd"}, buffered=False)
    chunks = list(response.iter_encoded())
    response.close()
    assert chunks == [f"data: {TEXT}\n\n".encode()] * 3


@pytest.mark.parametrize("encoding", ["zstd", "br", "gzip", "identity"])
def test_weak_etag_is_the_same_for_every_encoding(client, encoding):
    tag = client.get("/api/v1/posts").headers["ETag"]
    fresh = client.get("/api/v1/posts", headers={"Accept-Encoding": encoding})
    again = client.get("/api/v1/posts", headers={"Accept-Encoding": encoding, "If-None-Match": tag})
    assert tag.startswith('W/"')
    assert fresh.headers["ETag"] == tag
    assert (
        again.status_code,
        again.data,
        again.headers["ETag"],
        again.headers.get("Content-Encoding"),
    ) == (304, b"", tag, None)
    assert "Accept-Encoding" in again.headers["Vary"]


def test_head_has_the_headers_of_get(client):
    headers = {"Accept-Encoding": "gzip"}
    head, get = (
        client.head("/api/v1/posts", headers=headers),
        client.get("/api/v1/posts", headers=headers),
    )
    names = ("Content-Encoding", "ETag", "Vary", "Content-Type")
    assert [head.headers[name] for name in names] == [get.headers[name] for name in names]
    assert head.data == b""


def test_compression_that_is_off_compresses_nothing(client_of):
    response = client_of(COMPRESSION="false").get(
        "/api/v1/posts", headers={"Accept-Encoding": "gzip"}
    )
    assert (
        response.headers.get("Content-Encoding"),
        "Accept-Encoding" in response.headers.get("Vary", ""),
    ) == (None, False)
