"""A trace is drawn as a waterfall: who called whom, when, how long, and what failed."""

from stack.trace import Span, waterfall

MILLISECOND = 1_000_000


def span(identifier, parent, name, start, end, **rest):
    return Span(
        identifier,
        parent,
        name,
        start * MILLISECOND,
        end * MILLISECOND,
        rest.get("failed", False),
        rest.get("attributes", {}),
    )


def test_children_stand_under_their_parent_in_the_order_of_their_beginning():
    spans = [
        span("c", "b", "getMore posts", 60, 80, failed=True, attributes={"error.type": "Timeout"}),
        span("b", "a", "find posts", 20, 40),
        span("a", "remote", "GET /posts", 0, 100),
    ]
    assert list(waterfall(spans, 78)) == [
        "GET /posts                                   ████████████████████    100.00 ms",
        "  find posts                                     ████                 20.00 ms",
        "    getMore posts                                        ████         20.00 ms  Timeout",
    ]


def test_a_span_without_length_still_shows():
    assert list(waterfall([span("a", "", "GET /", 0, 0)], 78)) == [
        "GET /                                        █                         0.00 ms"
    ]
