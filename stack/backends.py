"""The backends and their default ports, one declarative entry each.

To add a backend, add an entry and its Go module. An entry defines what to build, how to run it, its
ports, and how to probe it. Texts are templates: `{bin}` is the folder of its built commands,
`{data}` its data folder, `{logs}` the folder of all logs, `{root}` the checkout, `{python}` the
virtual environment's Python, `{redis_server}` the Redis of a wheel or of the PATH,
`{config}` its changed configuration, `{deploy}` the folder of generated rules (deploy/),
`{workers}` the number of gunicorn workers, `{targets}` the targets that the Collector scrapes, and
`{tempo[http]}` the port of that name of that backend. Nothing here runs anything.
"""

import json
import socket
from collections.abc import Mapping
from graphlib import TopologicalSorter
from types import MappingProxyType

from stack import redis_server
from stack.backend import Backend
from stack.ports import shifted
from stack.viewer.backend import VIEWER

# Excludes the clouds' SDKs from Prometheus' service discovery.
_DISCOVERY = "remove_all_sd,enable_dns_sd"

# In the order in which they are started.
BACKENDS: tuple[Backend, ...] = (
    Backend(
        name="mongodb",
        ports={"wire": 27017},
        module="ferretdb",
        packages={"ferretdb": "."},
        command=("{bin}/ferretdb", "-listen", "127.0.0.1:{mongodb[wire]}", "-directory", "{data}"),
        url="mongodb://127.0.0.1:{mongodb[wire]}/serene",
        ready="mongodb://127.0.0.1:{mongodb[wire]}",
    ),
    Backend(
        name="redis",
        ports={"wire": 6379},
        command=(
            *("{redis_server}", "--bind", "127.0.0.1", "--port", "{redis[wire]}"),
            *("--save", "", "--appendonly", "no", "--dir", "{data}"),
        ),
        url="redis://127.0.0.1:{redis[wire]}/0",
        ready="redis://127.0.0.1:{redis[wire]}",
        stop_seconds=5.0,
    ),
    Backend(
        name="model",
        ports={"http": 8089},
        command=("{root}/.venv/bin/python", "stack/model_server.py", "--port", "{model[http]}"),
        # As a person would perceive a quick model.
        environment={"MODEL_FIRST_BYTE_SECONDS": "0.3", "MODEL_TOKENS_PER_SECOND": "40"},
        url="http://127.0.0.1:{model[http]}/v1",
        ready="http://127.0.0.1:{model[http]}/health",
        stop_seconds=5.0,
    ),
    Backend(
        name="stripe-mock",
        ports={"http": 12111},
        module="stripe-mock",
        packages={"stripe-mock": "."},
        command=(
            *("{bin}/stripe-mock", "-listen", "127.0.0.1:{stripe-mock[http]}"),
            *("-fixtures", "{root}/deploy/stripe-fixtures.json"),
        ),
        url="http://127.0.0.1:{stripe-mock[http]}",
        ready="http://127.0.0.1:{stripe-mock[http]}/healthz",
    ),
    # Between the service and what it uses, for `serene fault`: each at its own port plus 100.
    Backend(
        name="toxiproxy",
        ports={"http": 8474, "mongodb": 27117, "redis": 6479, "model": 8189, "stripe-mock": 12211},
        module="toxiproxy",
        packages={"toxiproxy": "github.com/Shopify/toxiproxy/v2/cmd/server"},
        command=(
            "{bin}/toxiproxy",
            *("-host", "127.0.0.1", "-port", "{toxiproxy[http]}"),
            *("-config", "{config}"),
        ),
        config="toxiproxy.json",
        config_changes={
            "0.0.0.0:27117": "127.0.0.1:{toxiproxy[mongodb]}",
            "mongodb:27017": "127.0.0.1:{mongodb[wire]}",
            "0.0.0.0:6479": "127.0.0.1:{toxiproxy[redis]}",
            "redis:6379": "127.0.0.1:{redis[wire]}",
            "0.0.0.0:8189": "127.0.0.1:{toxiproxy[model]}",
            "model:8089": "127.0.0.1:{model[http]}",
            "0.0.0.0:12211": "127.0.0.1:{toxiproxy[stripe-mock]}",
            "stripe-mock:12111": "127.0.0.1:{stripe-mock[http]}",
        },
        url="http://127.0.0.1:{toxiproxy[http]}",
        ready="http://127.0.0.1:{toxiproxy[http]}/version",
        sends_to=("mongodb", "redis", "model", "stripe-mock"),
        stop_seconds=5.0,
    ),
    Backend(
        name="service",
        ports={"http": 8000, "management": 9464},
        per_worker=("management",),
        command=("{root}/.venv/bin/gunicorn", "-c", "service/gunicorn_conf.py", "service.wsgi:app"),
        environment={
            "SERENE_HOST": "127.0.0.1",
            "SERENE_PORT": "{service[http]}",
            "WEB_CONCURRENCY": "{workers}",
            "MONGODB_URI": "mongodb://127.0.0.1:{mongodb[wire]}/serene",
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:{collector[otlp]}",
            "TELEMETRY_MANAGEMENT_PORT": "{service[management]}",
            "COMPANION_BASE_URL": "http://127.0.0.1:{model[http]}/v1",
            "DEPLOYMENT_ENVIRONMENT": "development",
            # Where demo traffic, tests and benchmarks come from; the clients of faults have others.
            "RATE_LIMIT_EXEMPT_NETWORKS": "127.0.0.0/9,::1/128",
            "STRIPE_API_BASE": "http://127.0.0.1:{stripe-mock[http]}",
            "STRIPE_API_KEY": "sk_test_serene",
            "STRIPE_WEBHOOK_SECRET": "whsec_of-the-native-stack",
            "TELEMETRY_FAULTS": "true",
        },
        beside={
            ("redis",): {"REDIS_URL": "redis://127.0.0.1:{redis[wire]}/0"},
            ("toxiproxy",): {
                "MONGODB_URI": "mongodb://127.0.0.1:{toxiproxy[mongodb]}/serene",
                "COMPANION_BASE_URL": "http://127.0.0.1:{toxiproxy[model]}/v1",
                "STRIPE_API_BASE": "http://127.0.0.1:{toxiproxy[stripe-mock]}",
            },
            ("redis", "toxiproxy"): {"REDIS_URL": "redis://127.0.0.1:{toxiproxy[redis]}/0"},
        },
        url="http://127.0.0.1:{service[http]}",
        ready="http://127.0.0.1:{service[http]}/api/v1/health/readiness",
        live="http://127.0.0.1:{service[http]}/api/v1/health/liveness",
        needs=("mongodb",),
        sends_to=("collector", "redis", "model", "stripe-mock", "toxiproxy"),
        seed=("{python}", "-m", "service.seed"),
        # Longer than its drain: gunicorn's graceful_timeout is the drain delay and 45 s.
        stop_seconds=100.0,
    ),
    Backend(
        name="collector",
        ports={"otlp": 4318, "health": 13133, "metrics": 8888},
        module="collector",
        packages={"otelcol": "."},
        tags=_DISCOVERY,
        command=(
            "{bin}/otelcol",
            "--config",
            "{root}/otel-collector.yaml",
            "--feature-gates=stanza.synchronousLogEmitter",
        ),
        environment={
            "COLLECTOR_OTLP_LISTEN": "127.0.0.1:{collector[otlp]}",
            "COLLECTOR_HEALTH_LISTEN": "127.0.0.1:{collector[health]}",
            "COLLECTOR_METRICS_HOST": "127.0.0.1",
            "COLLECTOR_METRICS_PORT": "{collector[metrics]}",
            "COLLECTOR_METRICS_TARGET": "127.0.0.1:{collector[metrics]}",
            "SERENE_SCRAPE_TARGETS": "{targets}",
            "DEPLOYMENT_ENVIRONMENT": "development",
            "SCRAPE_INTERVAL": "2s",
            "TEMPO_OTLP_URL": "http://127.0.0.1:{tempo[otlp]}",
            "PROMETHEUS_REMOTE_WRITE_URL": "http://127.0.0.1:{prometheus[http]}/api/v1/write",
            "LOKI_OTLP_URL": "http://127.0.0.1:{loki[http]}/otlp",
            "TEMPO_METRICS_TARGET": "127.0.0.1:{tempo[http]}",
            "LOKI_METRICS_TARGET": "127.0.0.1:{loki[http]}",
            "PROMETHEUS_METRICS_TARGET": "127.0.0.1:{prometheus[http]}",
            "SERVICE_LOG_FILES": (
                '["{logs}/service.log", "{logs}/service.log.1", "{logs}/stack.log"]'
            ),
            "COLLECTOR_DATA": "{data}",
        },
        url="http://127.0.0.1:{collector[otlp]}",
        ready="http://127.0.0.1:{collector[health]}/",
        sends_to=("prometheus", "tempo", "loki"),
        stop_seconds=10.0,
    ),
    Backend(
        name="prometheus",
        ports={"http": 9090},
        module="prometheus",
        packages={
            "prometheus": "github.com/prometheus/prometheus/cmd/prometheus",
            "promtool": "github.com/prometheus/prometheus/cmd/promtool",
        },
        tags=_DISCOVERY,
        command=(
            "{bin}/prometheus",
            "--config.file={config}",
            "--storage.tsdb.path={data}",
            "--storage.tsdb.retention.time=35d",
            "--web.listen-address=127.0.0.1:{prometheus[http]}",
            "--web.enable-remote-write-receiver",
            "--enable-feature=exemplar-storage",
            "--log.level=warn",
        ),
        config="prometheus.yml",
        config_changes={
            "rules/*.yml": "{deploy}/rules/*.yml",
            "alertmanager:9093": "127.0.0.1:{alertmanager[http]}",
        },
        url="http://127.0.0.1:{prometheus[http]}",
        ready="http://127.0.0.1:{prometheus[http]}/-/ready",
        sends_to=("alertmanager",),
    ),
    Backend(
        name="tempo",
        ports={"http": 3200, "otlp": 14318, "grpc": 9095},
        module="tempo",
        packages={"tempo": "github.com/grafana/tempo/cmd/tempo"},
        command=("{bin}/tempo", "-config.file={root}/deploy/tempo.yaml", "-config.expand-env=true"),
        environment={
            "TEMPO_LISTEN_HOST": "127.0.0.1",
            "TEMPO_HTTP_PORT": "{tempo[http]}",
            "TEMPO_GRPC_PORT": "{tempo[grpc]}",
            "TEMPO_OTLP_LISTEN": "127.0.0.1:{tempo[otlp]}",
            "TEMPO_DATA": "{data}",
        },
        url="http://127.0.0.1:{tempo[http]}",
        ready="http://127.0.0.1:{tempo[http]}/ready",
        # It needs 5 s, or for ever within half a minute of a query: this version's query queue
        # waits at its end for a clean-up that its own end has stopped (modules/frontend/queue,
        # stopping). The traces are on disk by then.
        stop_seconds=8.0,
    ),
    Backend(
        name="loki",
        ports={"http": 3100, "grpc": 9096},
        module="loki",
        packages={"loki": "github.com/grafana/loki/v3/cmd/loki"},
        tags="remove_all_sd",
        command=("{bin}/loki", "-config.file={root}/deploy/loki.yaml", "-config.expand-env=true"),
        environment={
            "LOKI_LISTEN_HOST": "127.0.0.1",
            "LOKI_HTTP_PORT": "{loki[http]}",
            "LOKI_GRPC_PORT": "{loki[grpc]}",
            "LOKI_DATA": "{data}",
        },
        url="http://127.0.0.1:{loki[http]}",
        ready="http://127.0.0.1:{loki[http]}/ready",
    ),
    Backend(
        name="alertmanager",
        ports={"http": 9093},
        module="alertmanager",
        packages={
            "alertmanager": "github.com/prometheus/alertmanager/cmd/alertmanager",
            "amtool": "github.com/prometheus/alertmanager/cmd/amtool",
        },
        command=(
            "{bin}/alertmanager",
            "--config.file={config}",
            "--storage.path={data}",
            "--web.listen-address=127.0.0.1:{alertmanager[http]}",
            # One instance: no port for others.
            "--cluster.listen-address=",
            "--log.level=warn",
        ),
        config="alertmanager.yml",
        config_changes={"http://notifications:9099/": "http://127.0.0.1:{notifications[http]}/"},
        url="http://127.0.0.1:{alertmanager[http]}",
        ready="http://127.0.0.1:{alertmanager[http]}/-/ready",
        sends_to=("notifications",),
    ),
    Backend(
        name="notifications",
        ports={"http": 9099},
        command=(
            *("{root}/.venv/bin/python", "stack/notification_log.py"),
            *("--port", "{notifications[http]}", "--file", "{data}/alerts.jsonl"),
        ),
        url="http://127.0.0.1:{notifications[http]}/alerts",
        ready="http://127.0.0.1:{notifications[http]}/health",
        stop_seconds=5.0,
    ),
    VIEWER,
)

BY_NAME: Mapping[str, Backend] = MappingProxyType({backend.name: backend for backend in BACKENDS})
NAMES: tuple[str, ...] = tuple(BY_NAME)
DEFAULT_NAMES: tuple[str, ...] = tuple(backend.name for backend in BACKENDS if not backend.optional)
# A backend is stopped before those that it uses.
STOP_NAMES: tuple[str, ...] = tuple(
    TopologicalSorter({b.name: {*b.needs, *b.sends_to} for b in BACKENDS}).static_order()
)[::-1]


def every_port(workers: int) -> list[int]:
    """Return all ports of a stack at offset 0, for `stack.ports.free_offset`."""
    return [port for backend in BACKENDS for port in backend.all_ports(0, workers).values()]


def template_values(offset: int, workers: int) -> dict[str, object]:
    """Return the templates' values, except the folders, which `stack.runner` adds.

    Raises: StackError when a port is out of range.
    """
    ports = {backend.name: shifted(backend.name, backend.ports, offset) for backend in BACKENDS}
    first = ports["service"]["management"]
    # As the layer names its workers in every signal.
    host = socket.gethostname()
    targets = json.dumps([f"127.0.0.1:{first + slot}#{host}/{slot}" for slot in range(workers)])
    server = redis_server.find() or "redis-server"
    return {**ports, "workers": workers, "targets": targets, "redis_server": server}
