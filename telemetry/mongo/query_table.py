"""What each query shape has cost since the start: how often, how long, how many documents.

A shape's text takes longer to make than a fast command may cost, so that commands are kept by
a key of their names alone: two levels of the filter, the stages of a pipeline, the sort. The text
is made once for each key.

Only the hub's thread writes; any thread may read.
"""

from collections.abc import Mapping
from itertools import islice
from typing import Any, Final

from telemetry.mongo.cardinality import OTHER
from telemetry.mongo.connections import copied
from telemetry.mongo.query_shape import query_shape

MOST_SHAPES: Final = 200
MOST_NAMES: Final = 32
"""Names of one document that count, and stages of one pipeline."""
BUCKETS: Final = 32
"""Powers of two of microseconds: the last one is over half an hour."""

Key = tuple[Any, ...]


class QueryStatistics:
    """The commands of one shape.

    Args:
        shape: Text without values.
        operation: Name of the command.
        collection: What it is about, or an empty string.

    Attributes:
        count: Commands that ended.
        total_seconds: They waited so long for the server.
        max_seconds: The longest of them.
        slow: How many of them were slow.
        failed: How many of them failed.
        documents: That the server returned or wrote.
        plan: How the server finds the documents, or why that is not known; empty before a slow one.
        last_trace_id: Trace of the last request with a slow one; else of the last one.
    """

    __slots__ = (
        "buckets",
        "collection",
        "count",
        "documents",
        "failed",
        "last_trace_id",
        "max_seconds",
        "operation",
        "plan",
        "shape",
        "slow",
        "total_seconds",
    )

    def __init__(self, shape: str, operation: str, collection: str) -> None:
        self.shape = shape
        self.operation = operation
        self.collection = collection
        self.count = self.slow = self.failed = self.documents = 0
        self.total_seconds = self.max_seconds = 0.0
        self.buckets = [0] * BUCKETS
        self.plan = self.last_trace_id = ""

    def add(self, seconds: float, documents: int, *, failed: bool) -> None:
        """Add a command that ended."""
        self.count += 1
        self.documents += documents
        self.total_seconds += seconds
        self.max_seconds = max(self.max_seconds, seconds)
        bucket = int(seconds * 1e6).bit_length()
        self.buckets[bucket if bucket < BUCKETS else -1] += 1
        if failed:
            self.failed += 1

    def quantile_seconds(self, share: float) -> float:
        """Return an upper bound of a quantile, at most twice of it."""
        buckets = list(self.buckets)
        rank, seen = share * sum(buckets), 0
        for bucket, count in enumerate(buckets):
            seen += count
            if count and seen >= rank:
                return min(2.0**bucket / 1e6, self.max_seconds)
        return 0.0

    def as_row(self) -> dict[str, Any]:
        """Return plain data, for pages and tools."""
        return {
            "shape": self.shape,
            "operation": self.operation,
            "collection": self.collection,
            "count": self.count,
            "totalSeconds": round(self.total_seconds, 6),
            "meanSeconds": round(self.total_seconds / max(1, self.count), 6),
            "p95Seconds": round(self.quantile_seconds(0.95), 6),
            "maxSeconds": round(self.max_seconds, 6),
            "slow": self.slow,
            "failed": self.failed,
            "documents": self.documents,
            "plan": self.plan,
            "lastTraceId": self.last_trace_id,
        }


class QueryTable:
    """The statistics of each shape; beyond ``most`` shapes the rest is one, ``_OTHER``.

    Args:
        most: Shapes with statistics of their own.
    """

    def __init__(self, most: int = MOST_SHAPES) -> None:
        self._most = most
        self._statistics: dict[Key, QueryStatistics] = {}
        self._other = QueryStatistics(OTHER, OTHER, "")

    def of(self, name: str, collection: str, command: Mapping[str, Any]) -> QueryStatistics:
        """Return the statistics of a command's shape; those of the rest where there are too many.

        Args:
            name: The command, such as ``find``.
            collection: What it is about, or an empty string.
            command: Its document.
        """
        key = key_of(name, collection, command)
        found = self._statistics.get(key)
        if found is None:
            if len(self._statistics) >= self._most:
                return self._other
            found = QueryStatistics(query_shape(name, command), name, collection)
            self._statistics[key] = found
        return found

    def rows(self, most: int = MOST_SHAPES) -> list[dict[str, Any]]:
        """Return the shapes as plain data, those that took the most time in all first."""
        statistics = [*copied(self._statistics.values), *([self._other] * bool(self._other.count))]
        statistics.sort(key=lambda each: -each.total_seconds)
        return [each.as_row() for each in statistics[:most]]


def key_of(name: str, collection: str, command: Mapping[str, Any]) -> Key:
    """Return what distinguishes a command's shape from others: names only, never a value.

    Args:
        name: The command, such as ``find``.
        collection: What it is about.
        command: Its document.
    """
    if name == "find":
        wanted = command.get("filter")
    elif name in ("update", "delete"):
        statements = command.get(f"{name}s")
        wanted = statements[0].get("q") if statements else None
    elif name == "aggregate":
        pipeline = command.get("pipeline") or ()
        return name, collection, tuple([_names(stage) for stage in islice(pipeline, MOST_NAMES)])
    else:
        wanted = command.get("query")
    sort = command.get("sort")
    return name, collection, _names(wanted) if wanted else None, tuple(sort) if sort else None


def _names(document: Any) -> Any:
    if not isinstance(document, dict):  # no mapping of another kind is worth a slower check
        return None
    if len(document) > MOST_NAMES:
        document = dict(islice(document.items(), MOST_NAMES))
    return tuple(
        [
            (name, *(value if len(value) <= MOST_NAMES else islice(value, MOST_NAMES)))
            if type(value) is dict
            else name
            for name, value in document.items()
        ]
    )
