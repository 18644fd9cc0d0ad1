"""Contracts of every query of the boards and rules, by the tree that Prometheus itself parses.

Metrics, labels and legends exist; rates are of counters; quantiles keep ``le``; units agree.
Whether a query has data is seen on a live stack, in ``tests/e2e/test_boards.py``.
"""

import pytest

from tests.support import boards, known_metrics
from tests.support.boards import Asked
from tests.support.known_metrics import OURS, OWN, THEIRS, kind_of, series_names
from tests.support.prometheus import Prometheus
from tests.support.promql import dimensions, labels, tree
from tests.support.promql.tree import Node, Selector

pytestmark = pytest.mark.backend

PANELS = [asked for asked in boards.of_panels() if asked.source == "prometheus"]
RULES = boards.of_rules()
ANNOTATIONS = [asked for asked in boards.of_annotations() if asked.source == "prometheus"]
VARIABLES = [asked for asked in boards.of_variables() if asked.source == "prometheus"]
QUERIES = [*PANELS, *RULES, *ANNOTATIONS]
RECORDED = boards.recorded()

NOT_SHOWN = {
    "process_cpu_utilization_ratio": (
        "process_cpu_seconds_total has the same information without its own sampling interval"
    ),
    "serene_expired_documents_total": "the sweep is routine; its log line has the same numbers",
    "serene_cdn_purges_total": "only behind a CDN; a purge that fails is a line in the log",
    "serene_cdn_purges_waiting": "only behind a CDN; rises with failed purges, which are logged",
}
"""Metrics of ours that no panel and no rule uses, and why."""

BARE_COUNTERS = {
    "serene:spans_unaccounted:sum1h": (
        "what the Collector has accepted and not yet sent: counters of one process since its start"
    ),
}
"""Queries that use a counter's value itself, and why."""

AGES = {"otelcol_process_uptime"}
"""Counters of the seconds since a start, whose value is what one asks for."""

SCRAPE_SECONDS = 5
"""Interval of the scrapes; see ``test_windows_are_at_least_four_scrapes``."""


@pytest.fixture(scope="module")
def parse(prometheus: Prometheus):
    """A function that returns the tree of a query."""
    return lambda asked: prometheus.parse(expression(asked))


def expression(asked: Asked) -> str:
    """Return the PromQL of a query, or of the selector that a variable asks for."""
    text = asked.with_values()
    if asked.kind == "variable":
        return text.removeprefix("label_values(").rpartition(", ")[0] or "up"
    return text


def labels_of(parse, name: str) -> frozenset[str]:
    """Return the labels that a metric's series may have, those of a recording rule included."""
    if name in RECORDED:
        written = frozenset(RULE_LABELS.get(name, ()))
        return labels.of_result(parse(RECORDED[name]), lambda one: labels_of(parse, one)) | written
    own = known_metrics.own_labels_of(name)
    assert own is not None, f"no metric {name}"
    return own


RULE_LABELS = boards.labels_of_rules()


def failures(queries: list[Asked], check) -> dict[str, object]:
    """Return what a check finds, by the query."""
    found = {f"{asked} ({asked.kind})": check(asked) for asked in queries}
    return {where: what for where, what in found.items() if what}


def test_every_metric_exists(parse):
    known = OWN.keys() | THEIRS.keys() | RECORDED.keys()
    every = [*QUERIES, *VARIABLES]
    assert failures(every, lambda one: {s.name for s in tree.selectors(parse(one))} - known) == {}


def test_every_metric_of_others_is_used(parse):
    used = {s.name for one in [*QUERIES, *VARIABLES] for s in tree.selectors(parse(one))}
    assert THEIRS.keys() - used == set()


def test_every_metric_of_ours_is_shown_or_has_a_reason(parse):
    used = {s.name for one in QUERIES for s in tree.selectors(parse(one))}
    unused = {metric.name for metric in OURS if not series_names(metric) & used}
    assert unused == NOT_SHOWN.keys()


def test_every_recording_rule_is_used(parse):
    used = {s.name for one in QUERIES for s in tree.selectors(parse(one))}
    assert RECORDED.keys() - used == set()


def test_every_matched_label_is_one_of_the_metric(parse):
    def unknown(asked: Asked) -> set[str]:
        return {
            f"{s.name}{{{one.label}}}"
            for s in tree.selectors(parse(asked))
            for one in s.matchers
            if one.label not in labels_of(parse, s.name)
        }

    assert failures([*QUERIES, *VARIABLES], unknown) == {}


def test_every_grouped_or_matching_label_exists(parse):
    def unknown(asked: Asked) -> set[str]:
        of_metric = frozenset[str]().union(
            *(labels_of(parse, s.name) for s in tree.selectors(parse(asked))), made(parse(asked))
        )
        return named_labels(parse(asked)) - of_metric

    assert failures(QUERIES, unknown) == {}


def made(node: Node) -> frozenset[str]:
    """Return the labels that a query writes itself."""
    replaced = tree.calls(node, "label_replace", "label_join")
    return frozenset(call["args"][1]["val"] for call in replaced)


def named_labels(node: Node) -> set[str]:
    """Return the labels by which a query groups or matches."""
    found: set[str] = set()
    for one in tree.walk(node):
        if one["type"] == "aggregation":
            found |= set(one["grouping"])
        if one["type"] == "binaryExpr" and one["matching"]:
            found |= {*one["matching"]["labels"], *one["matching"]["include"]}
    return found


def test_every_legend_names_labels_of_the_result(parse):
    def unknown(asked: Asked) -> set[str]:
        result = labels.of_result(parse(asked), lambda one: labels_of(parse, one))
        return boards.legend_labels(asked.legend) - result

    assert failures(PANELS, unknown) == {}


def test_tables_keep_their_key_labels(parse):
    kept: dict[str, list[frozenset[str]]] = {}
    for asked in PANELS:
        if asked.kind == "table":
            result = labels.of_result(parse(asked), lambda one: labels_of(parse, one))
            kept.setdefault(f"{asked.board}: {asked.where}", []).append(
                result & boards.keys_of_table(asked)
            )
            keys = boards.keys_of_table(asked)
            assert result & keys, f"{asked}: rows that cannot be merged"
            assert result <= keys, f"{asked}: labels that the table does not show"
    for where, columns in kept.items():
        assert frozenset().union(*columns) == keys_by_title()[where], where


def keys_by_title() -> dict[str, set[str]]:
    return {
        f"{one.board}: {one.where}": boards.keys_of_table(one)
        for one in PANELS
        if one.kind == "table"
    }


def test_rates_are_of_counters_and_changes_of_gauges(parse):
    def wrong(asked: Asked) -> set[str]:
        node = parse(asked)
        rated = tree.calls(node, "rate", "irate", "increase")
        return {
            s.name
            for call in rated
            for s in tree.selectors(call)
            if s.name not in RECORDED and kind_of(s.name) != "counter"
        } | {
            s.name
            for call in tree.calls(node, "delta", "deriv", "predict_linear", "avg_over_time")
            for s in tree.selectors(call)
            if kind_of(s.name) == "counter"
        }

    assert failures(QUERIES, wrong) == {}


def test_no_counter_is_shown_bare(parse):
    def bare(asked: Asked) -> set[str]:
        return set() if asked.where in BARE_COUNTERS else bare_counters(parse(asked))

    assert failures(QUERIES, bare) == {}


def bare_counters(node: Node, compared: frozenset[str] = frozenset()) -> set[str]:
    """Return counters whose value is used: in no rate, not counted, not beside an earlier value."""
    if node["type"] == "call" and node["func"]["name"] in {"rate", "irate", "increase", "absent"}:
        return set()
    if node["type"] == "aggregation" and node["op"] == "count":
        return set()
    if node["type"] == "binaryExpr" and node["op"] in {"unless", "-", ">=", "and", "or"}:
        earlier = {
            one["name"]
            for one in tree.walk(node)
            if one["type"] == "vectorSelector" and one["offset"]
        }
        compared |= earlier
    if node["type"] == "vectorSelector":
        return {node["name"]} - compared - AGES if kind_of(node["name"]) == "counter" else set()
    return set().union(*(bare_counters(child, compared) for child in tree.children(node)))


def test_quantiles_keep_the_bounds(parse):
    def wrong(asked: Asked) -> list[str]:
        return [
            "no le"
            for call in tree.calls(parse(asked), "histogram_quantile")
            for inner in [tree.unwrap(call["args"][1])]
            if "le" not in labels.of_result(inner, lambda one: labels_of(parse, one))
        ]

    assert failures(QUERIES, wrong) == {}


def test_units_agree_with_those_of_the_metrics(parse):
    def wrong(asked: Asked) -> str:
        expected = dimensions.UNITS[asked.unit]
        if asked.kind == "heatmap":
            (bucket,) = {s.name for s in tree.selectors(parse(asked)) if s.name.endswith("_bucket")}
            return "" if expected == known_metrics.dimension_of(base(bucket)) else asked.unit
        found = dimensions.of_result(parse(asked), lambda one: dimension_of(parse, one))
        return "" if found in {None, expected} else f"{asked.unit}: {found}"

    assert failures(PANELS, wrong) == {}


def dimension_of(parse, name: str) -> dimensions.Dimension:
    """Return the dimension of a metric, that of a recording rule by its expression."""
    if name not in RECORDED:
        return known_metrics.dimension_of(name)
    found = dimensions.of_result(parse(RECORDED[name]), lambda one: dimension_of(parse, one))
    return found or dimensions.COUNT


def base(bucket: str) -> str:
    return bucket.removesuffix("_bucket")


def test_rules_compare_and_add_like_units(parse):
    def wrong(asked: Asked) -> str:
        try:
            dimensions.of_result(parse(asked), lambda one: dimension_of(parse, one))
        except dimensions.Mismatch as mismatch:
            return str(mismatch)
        return ""

    assert failures(RULES, wrong) == {}


def test_windows_are_at_least_four_scrapes(parse):
    def short(asked: Asked) -> set[float]:
        windows = {
            s.range_seconds
            for call in tree.calls(parse(asked), "rate", "irate", "increase")
            for s in tree.selectors(call)
            if s.range_seconds
        }
        return {window for window in windows if window < 4 * SCRAPE_SECONDS}

    assert boards.data_source("prometheus")["jsonData"]["timeInterval"] == f"{SCRAPE_SECONDS}s"
    assert boards.default_of_the_collector("SCRAPE_INTERVAL") == f"{SCRAPE_SECONDS}s"
    assert [str(asked) for asked in PANELS if asked.interval] == []
    assert failures(QUERIES, short) == {}


def test_no_panel_asks_for_the_same_exemplars_twice(parse):
    asked_for: dict[tuple[str, str], list[Selector]] = {}
    for asked in PANELS:
        if asked.exemplars:
            found = asked_for.setdefault((asked.board, asked.where), [])
            found += {Selector(s.name, s.matchers) for s in tree.selectors(parse(asked))}
    repeated = {
        where: [s.name for s in found if s.name.endswith("_bucket") and found.count(s) > 1]
        for where, found in asked_for.items()
    }
    assert {where: found for where, found in repeated.items() if found} == {}
    assert asked_for


def test_an_invalid_query_is_refused_with_its_reason(prometheus: Prometheus):
    with pytest.raises(ValueError, match="unclosed left parenthesis"):
        prometheus.parse("sum by (a) (rate(x[20s])")
