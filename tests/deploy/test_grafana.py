"""Grafana's provisioning: data sources that link to each other, existing metrics and labels."""

import re
from pathlib import Path
from typing import Any

import pytest

from dashboards import board_json, config
from service import metrics
from telemetry import names
from tests.deploy import files
from tests.support import grafana_links, promtool

SOURCES = {
    source["uid"]: source
    for source in files.document("deploy/grafana/provisioning/datasources/serene.yaml")[
        "datasources"
    ]
}
METRICS = (*names.ALL, *metrics.ALL)
(PROVIDER,) = files.document("deploy/grafana/provisioning/dashboards/serene.yaml")["providers"]


def links(value: Any) -> set[str]:
    """Return every data source to which settings link."""
    if isinstance(value, dict):
        own = {str(value["datasourceUid"])} if "datasourceUid" in value else set()
        return own.union(*map(links, value.values()))
    return set().union(*map(links, value)) if isinstance(value, list) else set()


def test_boards_and_links_use_the_provisioned_sources() -> None:
    assert SOURCES.keys() == {"prometheus", config.TEMPO_UID, "loki", "alertmanager"}
    assert {uid: links(source["jsonData"]) for uid, source in SOURCES.items()} == {
        "prometheus": {"tempo"},
        "tempo": {"prometheus", "loki"},
        "loki": {"tempo"},
        "alertmanager": set(),
    }
    assert [uid for uid, source in SOURCES.items() if source.get("isDefault")] == ["prometheus"]


def test_exemplars_link_to_their_trace_and_to_its_lines() -> None:
    trace, lines = SOURCES["prometheus"]["jsonData"]["exemplarTraceIdDestinations"]
    assert trace == {
        "name": "trace_id",
        "datasourceUid": "tempo",
        "urlDisplayLabel": "Open the trace",
    }
    assert (lines["name"], "datasourceUid" in lines) == ("trace_id", False)
    assert grafana_links.pane_of_an_exemplar("a" * 32) == {
        "datasource": "loki",
        "queries": [
            {
                "refId": "A",
                "datasource": {"type": "loki", "uid": "loki"},
                "expr": f'{{service_name=~".+"}} | trace_id="{"a" * 32}"',
                "queryType": "range",
            }
        ],
        "range": {"from": "now-24h", "to": "now"},
    }


def test_spans_link_to_the_lines_of_their_trace() -> None:
    assert (
        grafana_links.lines_of_a_span("a" * 32, {"service.name": "serene"})
        == f'{{service_name="serene"}} | trace_id="{"a" * 32}"'
    )


def test_lines_link_to_their_trace() -> None:
    field = grafana_links.field_of_a_line()
    assert (field["matcherType"], field["matcherRegex"]) == ("label", "trace_id")
    assert (field["datasourceUid"], field["url"]) == ("tempo", "${__value.raw}")


def test_rate_interval_is_that_of_the_scrapes() -> None:
    assert (
        SOURCES["prometheus"]["jsonData"]["timeInterval"]
        == files.variables("otel-collector.yaml")["SCRAPE_INTERVAL"]
    )


def test_spans_link_to_metrics_and_labels_that_exist() -> None:
    settings = SOURCES["tempo"]["jsonData"]["tracesToMetrics"]
    series = {
        metric.name + suffix for metric in METRICS for suffix in ("", "_bucket", "_count", "_sum")
    }
    linked = {
        name
        for query in settings["queries"]
        for name in re.findall(r"(\w+)\{\$\$__tags", query["query"])
    }
    assert len(settings["queries"]) == 4
    assert linked - series == set()
    labels = {label for metric in METRICS for label in metric.labels} | {"service_name"}
    assert {tag["value"] for tag in settings["tags"]} - labels == set()
    # A metric's label is the span's attribute with underscores for dots.
    assert {tag["key"].replace(".", "_") for tag in settings["tags"]} == {
        tag["value"] for tag in settings["tags"]
    }


@pytest.mark.backend
def test_prometheus_parses_the_queries_of_spans(tmp_path: Path) -> None:
    queries = [
        query["query"] for query in SOURCES["tempo"]["jsonData"]["tracesToMetrics"]["queries"]
    ]
    filled = [query.replace("$$__tags", 'service_name="serene"') for query in queries]
    assert promtool.check_rules(filled, tmp_path) == (0, f"{len(queries)} rules found")


def test_boards_are_read_from_the_mounted_folder_and_are_read_only() -> None:
    mounted = {
        volume.split(":")[1]: volume.split(":")[0]
        for volume in files.services()["grafana"]["volumes"]
    }
    assert files.ROOT / mounted[PROVIDER["options"]["path"]] == board_json.GENERATED
    assert (PROVIDER["allowUiUpdates"], PROVIDER["disableDeletion"]) == (False, True)


def test_login_and_usage_reports_are_disabled() -> None:
    given = files.environment("grafana")
    assert (given["GF_AUTH_ANONYMOUS_ENABLED"], given["GF_AUTH_DISABLE_LOGIN_FORM"]) == (
        "true",
        "true",
    )
    assert given["GF_ANALYTICS_REPORTING_ENABLED"] == "false"
