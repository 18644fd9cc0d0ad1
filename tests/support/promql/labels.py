"""The labels that the series of a query's result may have.

Source: Prometheus' documentation, "Operators" (vector matching, aggregation) and "Functions".
"""

from collections.abc import Callable

from tests.support.promql.tree import Node, selectors, unwrap

Labels = frozenset[str]
LabelsOf = Callable[[str], Labels]
"""The labels of a metric's series, by its name."""

_KEEP_ALL = {"topk", "bottomk", "limitk", "limit_ratio"}
_SETS = {"and", "unless"}
_NONE: Labels = frozenset()


def of_result(node: Node, of_metric: LabelsOf) -> Labels:
    """Return the labels of a query's result.

    Args:
        node: Its tree.
        of_metric: The labels of each metric.
    """
    node = unwrap(node)
    match node["type"]:
        case "vectorSelector" | "matrixSelector":
            return of_metric(node["name"])
        case "aggregation":
            return _of_aggregation(node, of_metric)
        case "binaryExpr":
            return _of_operator(node, of_metric)
        case "call":
            return _of_call(node, of_metric)
        case "subquery" | "unaryExpr":
            return of_result(node["expr"], of_metric)
        case _:
            return _NONE


def _of_aggregation(node: Node, of_metric: LabelsOf) -> Labels:
    below = of_result(node["expr"], of_metric)
    named = frozenset(node["grouping"])
    if node["op"] in _KEEP_ALL:
        return below
    return below - named if node["without"] else below & named


def _of_operator(node: Node, of_metric: LabelsOf) -> Labels:
    left, right = (of_result(node[side], of_metric) for side in ("lhs", "rhs"))
    matching = node["matching"]
    if matching is None:  # one side is a scalar
        return left | right
    if node["op"] in _SETS:
        return left
    if node["op"] == "or":
        return left | right
    included = frozenset(matching["include"])
    if matching["card"] == "many-to-one":
        return left | included & right
    if matching["card"] == "one-to-many":
        return right | included & left
    named = frozenset(matching["labels"])
    return left & named if matching["on"] else left - named


def _of_call(node: Node, of_metric: LabelsOf) -> Labels:
    name = node["func"]["name"]
    if name in {"absent", "absent_over_time"}:
        (selector,) = selectors(node)
        return frozenset(one.label for one in selector.matchers if one.operator == "=")
    below = frozenset[str]().union(*(of_result(one, of_metric) for one in node["args"]))
    if name in {"label_replace", "label_join"}:
        return below | {node["args"][1]["val"]}
    if name == "histogram_quantile":
        return below - {"le"}
    return _NONE if name in {"scalar", "vector", "time"} else below
