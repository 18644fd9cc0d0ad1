"""What a client accepts, by RFC 9110, section 12.5."""

import pytest

from service.http.accepts import best_coding, best_type

JSON, HTML, EVENTS = "application/json", "text/html", "text/event-stream"


@pytest.mark.parametrize(
    ("accept", "best"),
    [
        ("", JSON),
        (" , ", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("text/*", HTML),
        (JSON, JSON),
        ("Application/JSON", JSON),
        ("application/json; charset=utf-8", JSON),
        ('application/json;profile="a, b;q=0"', JSON),
        ('application/json;profile=";q=0 "', JSON),
        ("application/json" + ";  " * 2000, JSON),
        ("application/xml" + ";  " * 2000 + "\0", JSON),
        ("text/html, application/json", JSON),
        ("text/html, application/json;q=0.9", HTML),
        ("text/html;q=0.1, application/json;q=0.2", JSON),
        ("text/html ; Q=0.9 , application/json ; q=0.8", HTML),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", HTML),
        ("*/*; q=0.5, application/xml", JSON),
        ("application/json;q=0, */*", HTML),
        ("application/*;q=0, */*;q=0.1", HTML),
        ("*/*;q=0", None),
        ("application/json;q=0", None),
        ("application/json;q=0.000", None),
        ("application/xml", None),
        ("application/problem+json", None),
        ("image/*", None),
        ("*", None),
        # Malformed: as if it were absent.
        ("application/json;q=2", JSON),
        ("application/xml;q=-1", JSON),
        ("application/xml;q=a", JSON),
        ("application/xml;q=0.1234", JSON),
        ("application/xml;;q", JSON),
        ("application/xml text/xml", JSON),
        ("/", JSON),
        ("\u0000", JSON),
    ],
)
def test_best_media_type(accept, best):
    assert best_type(accept, (JSON, HTML)) == best


@pytest.mark.parametrize(
    ("accept", "best"),
    [(EVENTS, EVENTS), (f"{EVENTS};q=0, */*", JSON), ("*/*", JSON), (f"{JSON}, {EVENTS}", JSON)],
)
def test_events_are_sent_to_those_who_prefer_them(accept, best):
    assert best_type(accept, (JSON, EVENTS)) == best


@pytest.mark.parametrize(
    ("accept_encoding", "best"),
    [
        ("", None),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip", "gzip"),
        ("GZIP", "gzip"),
        ("gzip; q=0.5", "gzip"),
        ("gzip ;q=1.0", "gzip"),
        ("br;q=0.5, gzip;q=0.9", "gzip"),
        ("*", "zstd"),
        ("zstd;q=0, *", "br"),
        ("*;q=0", None),
        ("gzip;q=0", None),
        ("gzip;q=0.0, br;q=0", None),
        ("gzip;q=0, identity", None),
        ("gzip;q=0.5, identity", None),
        ("gzip, identity;q=0.5", "gzip"),
        ("identity;q=0", None),
        ("identity;q=0, gzip", "gzip"),
        ("identity;q=0, *", "zstd"),
        ("deflate", None),
        ("x-gzip", None),
        ("gzip;q=2", None),
        ("gzip gzip", None),
    ],
)
def test_best_content_coding(accept_encoding, best):
    assert best_coding(accept_encoding, ("zstd", "br", "gzip")) == best
