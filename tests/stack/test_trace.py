"""The waterfall of a trace: parents, order, durations and errors."""

from stack.trace import Span, waterfall

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
