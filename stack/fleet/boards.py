"""Queries of the committed boards, for one choice of instances."""

from collections import defaultdict
from typing import Final

from dashboards import board_json

# As the viewer fills them in for five minutes.
_TIMES: Final = board_json.windows(rate_interval=60, time_range=300) | {
    "__interval": "15s",
    "__interval_ms": "15000",
    "__range_ms": "300000",
}


def queries(instance: str = ".*") -> list[tuple[str, str]]:
    """Return the title and the query of every panel that can be narrowed to instances.

    Args:
        instance: Pattern of the chosen instances.
    """
    values = defaultdict(lambda: ".*", _TIMES | {"instance": instance})
    return [
        (query.panel, query.substitute(values))
        for query in board_json.queries()
        if "$instance" in query.expression
    ]
