"""The waterfall of a trace: parents, order, durations and errors."""

import argparse

import pytest

from stack.spans import Span
from stack.trace import request_id, search_query, waterfall

MILLISECOND = 1_000_000


def span(identifier: str, parent: str, name: str, start: int, end: int, error: str = "") -> Span:
    """Return a span from ``start`` to ``end``, in milliseconds."""
    return Span(
        identifier,
        parent,
        name,
        start * MILLISECOND,
        end * MILLISECOND,
        error != "",
        {"error.type": error} if error else {},
        {"service.name": "serene"},
    )


def test_children_follow_their_parent_in_order_of_their_start() -> None:
    spans = [
        span("c", "b", "getMore posts", 60, 80, error="Timeout"),
        span("b", "a", "find posts", 20, 40),
        span("a", "remote", "GET /posts", 0, 100),
    ]
    assert list(waterfall(spans, 78)) == [
        "GET /posts                                   ████████████████████    100.00 ms",
        "  find posts                                     ████                 20.00 ms",
        "    getMore posts                                        ████         20.00 ms  Timeout",
    ]


def test_span_without_duration_has_a_bar() -> None:
    assert list(waterfall([span("a", "", "GET /", 0, 0)], 78)) == [
        "GET /                                        █                         0.00 ms"
    ]


@pytest.mark.parametrize(
    ("searched", "query"),
    [
        (
            "6F1C1F6E8F7E4A3B9C1D2E3F4A5B6C7D",
            '{ span."request.id" = "6f1c1f6e-8f7e-4a3b-9c1d-2e3f4a5b6c7d" || '
            'span."request.correlation_ids" = "6F1C1F6E8F7E4A3B9C1D2E3F4A5B6C7D" }',
        ),
        (
            "01ARZ3NDEKTSV4RRFFQ69G5FAV",
            '{ span."request.correlation_ids" = "01ARZ3NDEKTSV4RRFFQ69G5FAV" }',
        ),
        (
            "1-67891233-abcdef012345678912345678",
            '{ span."request.correlation_ids" = "1-67891233-abcdef012345678912345678" || '
            'span."request.correlation_ids" = "Root=1-67891233-abcdef012345678912345678" }',
        ),
        ('a"b\\c', '{ span."request.correlation_ids" = "a\\"b\\\\c" }'),
    ],
)
def test_query_searches_our_id_and_those_of_proxies(searched: str, query: str) -> None:
    assert search_query(searched) == query


@pytest.mark.parametrize(
    ("text", "searched"),
    [
        (" 01ARZ3NDEKTSV4RRFFQ69G5FAV ", "01ARZ3NDEKTSV4RRFFQ69G5FAV"),
        (
            "Self=1-1-1;Root=1-67891233-abcdef012345678912345678;Sampled=1",
            "Root=1-67891233-abcdef012345678912345678",
        ),
        ("105445aa7843bc8bf206b12000100000/1;o=1", "105445aa7843bc8bf206b12000100000"),
    ],
)
def test_id_is_searched_in_the_form_in_which_it_is_kept(text: str, searched: str) -> None:
    assert request_id(text) == searched


def test_empty_id_is_refused() -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        request_id(" ")
