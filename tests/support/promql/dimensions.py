"""The unit of a query's result, from the units of its metrics.

A dimension is a pair of exponents, of seconds and of bytes: a rate of bytes is (-1, 1), a share and
a count are (0, 0). A number's is unknown, and so is what is multiplied with or divided by it: it
may be a window, an objective or a factor.
"""

from collections.abc import Callable
from typing import Final

from tests.support.promql.tree import Node, selectors, unwrap

Dimension = tuple[int, int]
DimensionOf = Callable[[str], Dimension]
"""The dimension of a metric's values, by its name."""

COUNT: Final[Dimension] = (0, 0)
SECONDS: Final[Dimension] = (1, 0)
BYTES: Final[Dimension] = (0, 1)

UNITS: Final[dict[str, Dimension]] = {
    "s": SECONDS,
    "bytes": BYTES,
    "decbytes": BYTES,
    "Bps": (-1, 1),
    "binBps": (-1, 1),
    "ops": (-1, 0),
    "reqps": (-1, 0),
    "cps": (-1, 0),
    "hertz": (-1, 0),
    "short": COUNT,
    "none": COUNT,
    "percentunit": COUNT,
    "bool": COUNT,
    "bool_yes_no": COUNT,
    "suffix:x": COUNT,
    "suffix:s/s": COUNT,
    "dateTimeAsIso": SECONDS,
    "dateTimeFromNow": SECONDS,
}
"""Grafana's ids of units that the boards use."""

_PER_SECOND: Final = {"rate", "irate", "deriv"}
_COUNTS: Final = {"changes", "resets", "count_over_time", "present_over_time", "absent"}


class Mismatch(ValueError):
    """Values of two units are added, compared or put in one place."""


def of_name(name: str) -> Dimension:
    """Return a metric's dimension by the naming rules of Prometheus."""
    for suffix in ("_bucket", "_count"):
        if name.endswith(suffix):
            return COUNT
    name = name.removesuffix("_sum").removesuffix("_total")
    if name.endswith("_seconds"):
        return SECONDS
    return BYTES if name.endswith("_bytes") else COUNT


def of_result(node: Node, of_metric: DimensionOf = of_name) -> Dimension | None:
    """Return the dimension of a query's result; None where it is unknown.

    Raises:
        Mismatch: Two parts of it that must have one unit do not.
    """
    node = unwrap(node)
    match node["type"]:
        case "vectorSelector" | "matrixSelector":
            return of_metric(node["name"])
        case "aggregation":
            below = of_result(node["expr"], of_metric)
            return COUNT if node["op"] in {"count", "count_values", "group"} else below
        case "binaryExpr":
            return _of_operator(node, of_metric)
        case "call":
            return _of_call(node, of_metric)
        case "subquery" | "unaryExpr":
            return of_result(node["expr"], of_metric)
        case _:
            return None


def _of_operator(node: Node, of_metric: DimensionOf) -> Dimension | None:
    if node["op"] in {"and", "unless"}:  # the right side only selects
        return of_result(node["lhs"], of_metric)
    left, right = (of_result(node[side], of_metric) for side in ("lhs", "rhs"))
    match node["op"]:
        case "*":
            return None if left is None or right is None else _plus(left, right)
        case "/":
            return None if left is None or right is None else _plus(left, (-right[0], -right[1]))
    if left is not None and right is not None and left != right:
        raise Mismatch(f"{left} {node['op']} {right}")
    if node["bool"]:
        return COUNT
    return left if left is not None else right


def _of_call(node: Node, of_metric: DimensionOf) -> Dimension | None:
    name, arguments = node["func"]["name"], node["args"]
    if name in {"time", "timestamp"}:
        return SECONDS
    if name in _COUNTS:
        return COUNT
    if name == "histogram_quantile":
        (metric,) = {one.name for one in selectors(node) if one.name.endswith("_bucket")}
        return of_metric(metric.removesuffix("_bucket"))
    vectors = [one for one in arguments if unwrap(one)["type"] not in {"stringLiteral"}]
    (*_, below) = (of_result(one, of_metric) for one in vectors) if vectors else (None,)
    if name in {"clamp_min", "clamp_max", "clamp", "round"}:
        below = of_result(arguments[0], of_metric)
    if name in _PER_SECOND and below is not None:
        return _plus(below, (-1, 0))
    return below


def _plus(one: Dimension, other: Dimension) -> Dimension:
    return one[0] + other[0], one[1] + other[1]
