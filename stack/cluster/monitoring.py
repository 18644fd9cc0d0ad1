"""What Prometheus, its operator, its adapter and Grafana get: rules, boards and custom metrics."""

from typing import Any, Final

import yaml

from dashboards.board_json import files
from stack import paths
from stack.cluster.settings import SERVICE
from telemetry.names import ACTIVE_REQUESTS, REQUEST_PHASE

IN_FLIGHT: Final = "serene_requests_in_flight"
"""Custom metric of a pod: requests that it has at the moment."""

HUB_WAIT: Final = "serene_requests_waiting_for_hub"
"""Custom metric of a pod: requests that wait for its hub, on average over a minute."""

_SCRAPED: Final = "process_start_time_seconds"
"""A pod has it from its first scrape on; the series of requests begin with its first ones."""

_OF_PODS: Final = f'namespace!="",pod!="",service_name="{SERVICE}"'
_RESOURCES: Final = {
    "overrides": {"namespace": {"resource": "namespace"}, "pod": {"resource": "pod"}}
}


def prometheus_rule() -> dict[str, Any]:
    """Return deploy/rules as the operator's resource."""
    groups: list[Any] = []
    for file in sorted((paths.ROOT / "deploy" / "rules").glob("*.yml")):
        groups += yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": SERVICE},
        "spec": {"groups": groups},
    }


def adapter_rules() -> dict[str, Any]:
    """Return the configuration of prometheus-adapter for the autoscaler's two metrics.

    Seconds of `hub_wait` a second are requests that wait, on average. A pod that is scraped and had
    no such request has 0: a metric without a value would keep the autoscaler from removing pods.
    """
    chosen = "{<<.LabelMatchers>>}"
    waiting = f'{REQUEST_PHASE.name}{{<<.LabelMatchers>>,phase="hub_wait"}}'
    return {
        "rules": [
            _rule(IN_FLIGHT, f"{ACTIVE_REQUESTS.name}{chosen}"),
            _rule(HUB_WAIT, f"rate({waiting}[1m])"),
        ]
    }


def boards_kustomization() -> dict[str, Any]:
    """Return the kustomization beside the boards: a ConfigMap each, as one has 1 MiB at most."""
    return {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "configMapGenerator": [
            {"name": f"{SERVICE}-board-{file.stem}", "files": [file.name]} for file in files()
        ],
        "generatorOptions": {
            # The sidecar follows a name.
            "disableNameSuffixHash": True,
            "labels": {"grafana_dashboard": "1"},
            "annotations": {"grafana_folder": "Serene"},
        },
    }


def _rule(name: str, value: str) -> dict[str, Any]:
    of_each = "by (<<.GroupBy>>)"
    nothing = f"0 * sum(<<.Series>>{{<<.LabelMatchers>>}}) {of_each}"
    return {
        "seriesQuery": f"{_SCRAPED}{{{_OF_PODS}}}",
        "resources": _RESOURCES,
        "name": {"as": name},
        "metricsQuery": f"sum({value}) {of_each} or {nothing}",
    }
