"""The Collector's configurations of a cluster, made from otel-collector.yaml, a machine's.

The agent of a node takes spans of its pods and reads their lines; it sends all spans of a trace to
the same gateway, by trace id, and lines to Loki. It keeps spans until Tempo has them, through a
gateway that keeps none, so that a gateway that dies loses nothing. Metrics do not pass here:
Prometheus scrapes pods by PodMonitors.
"""

from typing import Any, Final

import yaml

from stack import paths
from stack.cluster.settings import OTLP_PORT, SERVICE

GATEWAY_PORT: Final = 4317
"""Of the gateways, for agents. Source: OTLP specification, "OTLP/gRPC Default Port"."""

METRICS_PORT: Final = 8888
HEALTH_PORT: Final = 13133

GATEWAYS: Final = f"serene-gateway.{SERVICE}.svc"
"""Name whose addresses are those of every ready gateway (a headless Service)."""

_QUEUE: Final = {"enabled": True, "queue_size": "${env:EXPORT_QUEUE_SIZE:-1000}"}
_RETRY: Final = {
    "enabled": True,
    "initial_interval": "1s",
    "max_interval": "10s",
    "max_elapsed_time": "${env:EXPORT_RETRY_TIME:-120s}",
}

PORTS: Final = {
    "agent": {"otlp-http": OTLP_PORT, "metrics": METRICS_PORT, "health": HEALTH_PORT},
    "gateway": {"otlp-grpc": GATEWAY_PORT, "metrics": METRICS_PORT, "health": HEALTH_PORT},
}
_KINDS: Final = {"agent": "DaemonSet", "gateway": "Deployment"}
_ENTRIES: Final = {"agent": "otlp-http", "gateway": "otlp-grpc"}


def agent() -> dict[str, Any]:
    """Return the configuration of an agent."""
    machine = _machine()
    lines = dict(machine["receivers"]["file_log"])
    # The kubelet's file has each line in an envelope, and its pod in the path.
    lines |= {
        "include_file_path": True,
        "operators": [{"type": "container", "id": "container"}, *lines["operators"]],
    }
    balanced = {
        "routing_key": "traceID",
        "resolver": {"dns": {"hostname": GATEWAYS, "port": str(GATEWAY_PORT)}},
        # No queue of each gateway: it would take spans for a gateway that is dead.
        "protocol": {
            "otlp": {
                "timeout": "5s",
                "tls": {"insecure": True},
                "sending_queue": {"enabled": False},
                "retry_on_failure": {"enabled": False},
            }
        },
        # Of the balancer, not of one gateway: what a dead gateway leaves goes to another one.
        "sending_queue": _QUEUE,
        "retry_on_failure": _RETRY,
    }
    return {
        "receivers": {"otlp": machine["receivers"]["otlp"], "file_log": lines},
        "processors": _kept(machine, "memory_limiter", "batch", "transform/lines"),
        "exporters": {
            "load_balancing": balanced,
            "otlp_http/loki": machine["exporters"]["otlp_http/loki"],
        },
        "extensions": machine["extensions"],
        "service": _service(
            machine,
            traces={
                "receivers": ["otlp"],
                "processors": ["memory_limiter", "batch"],
                "exporters": ["load_balancing"],
            },
            logs=machine["service"]["pipelines"]["logs"],
        ),
    }


def gateway() -> dict[str, Any]:
    """Return the configuration of a gateway."""
    machine = _machine()
    tempo = machine["exporters"]["otlp_http/tempo"]
    # An agent gets its response when Tempo has the spans, so that it repeats those of a gateway
    # that died; it is the agent that repeats, and that batches.
    tempo |= {
        "sending_queue": tempo["sending_queue"] | {"wait_for_result": True, "num_consumers": 10},
        "retry_on_failure": {"enabled": False},
    }
    traces = machine["service"]["pipelines"]["traces"] | {"processors": ["memory_limiter"]}
    service = _service(machine, traces=traces)
    return {
        "receivers": {"otlp": {"protocols": {"grpc": {"endpoint": f"0.0.0.0:{GATEWAY_PORT}"}}}},
        "processors": _kept(machine, "memory_limiter"),
        "exporters": {"otlp_http/tempo": tempo},
        "extensions": {"health_check": machine["extensions"]["health_check"]},
        "service": service | {"extensions": ["health_check"]},
    }


def patches(role: str) -> list[dict[str, Any]]:
    """Return the patches with the ports of an agent or a gateway, and of its Service."""
    ports = PORTS[role]
    named = [{"name": name, "containerPort": port} for name, port in ports.items()]
    container = {"name": "collector", "ports": named}
    entry = _ENTRIES[role]
    metadata = {"name": f"serene-{role}"}
    return [
        {
            "apiVersion": "apps/v1",
            "kind": _KINDS[role],
            "metadata": metadata,
            "spec": {"template": {"spec": {"containers": [container]}}},
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": metadata,
            "spec": {"ports": [{"name": entry, "port": ports[entry], "targetPort": entry}]},
        },
    ]


def _machine() -> dict[str, Any]:
    text = (paths.ROOT / "otel-collector.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def _kept(machine: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: machine["processors"][name] for name in names}


def _service(machine: dict[str, Any], **pipelines: Any) -> dict[str, Any]:
    return {**machine["service"], "pipelines": pipelines}
