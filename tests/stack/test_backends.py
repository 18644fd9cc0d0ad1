"""The declarative entries: consistent, and matching the configuration files of Docker Compose."""

import json
import re
import socket
from pathlib import Path

import pytest

from stack import paths
from stack.backend import Backend
from stack.backends import (
    BACKENDS,
    BY_NAME,
    DEFAULT_NAMES,
    STOP_NAMES,
    every_port,
    template_values,
)
from stack.runner import Stack

# Docker Compose's defaults are right for the native stack as well.
LEFT_AT_DEFAULT = {
    "EXPORT_QUEUE_SIZE",
    "EXPORT_RETRY_TIME",
    "LOG_QUEUE_BYTES",
    "OTEL_SERVICE_NAME",
}


def test_up_starts_these_in_this_order() -> None:
    assert DEFAULT_NAMES == (
        "mongodb",
        "redis",
        "model",
        "stripe-mock",
        "toxiproxy",
        "service",
        "collector",
        "prometheus",
        "tempo",
        "loki",
        "alertmanager",
        "notifications",
        "viewer",
    )


def test_backend_is_stopped_before_those_that_it_uses() -> None:
    order = [name for name in STOP_NAMES if name in DEFAULT_NAMES]
    assert order[:2] == ["service", "collector"]
    assert order.index("prometheus") < order.index("alertmanager") < order.index("notifications")
    assert sorted(order) == sorted(DEFAULT_NAMES)


def test_no_two_backends_share_a_port() -> None:
    every = every_port(workers=8)
    assert len(every) == len(set(every))


@pytest.mark.parametrize("backend", BACKENDS, ids=lambda backend: backend.name)
def test_templates_use_only_known_values(backend: Backend) -> None:
    values = template_values(offset=1000, workers=2) | {
        "root": "/r",
        "python": "/p",
        "data": "/d",
        "logs": "/l",
        "bin": "/b",
        "config": "/c",
        "deploy": "/deploy",
    }
    texts = [
        *backend.command,
        backend.url,
        backend.ready,
        backend.live,
        *backend.environment.values(),
        *backend.seed,
        *(text for more in backend.beside.values() for text in more.values()),
        *backend.config_changes.values(),
    ]
    assert [
        text for text in texts if re.search(r"[{}]", text.format(**values)) and text != "{targets}"
    ] == []


def test_every_worker_is_scraped_under_its_own_name() -> None:
    assert template_values(offset=1000, workers=3)["targets"] == json.dumps(
        [
            f"127.0.0.1:{port}#{socket.gethostname()}/{port - 10464}"
            for port in (10464, 10465, 10466)
        ]
    )


def test_service_is_started_with_the_ports_of_its_stack(tmp_path: Path) -> None:
    stack = Stack(offset=1000, directory=tmp_path, workers=3)
    environment = stack.environment("service")
    assert {name: environment[name] for name in BY_NAME["service"].environment} == {
        "SERENE_HOST": "127.0.0.1",
        "SERENE_PORT": "9000",
        "WEB_CONCURRENCY": "3",
        "MONGODB_URI": "mongodb://127.0.0.1:28017/serene",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:5318",
        "TELEMETRY_MANAGEMENT_PORT": "10464",
        "COMPANION_BASE_URL": "http://127.0.0.1:9089/v1",
        "DEPLOYMENT_ENVIRONMENT": "development",
        "RATE_LIMIT_EXEMPT_NETWORKS": "127.0.0.0/9,::1/128",
        "STRIPE_API_BASE": "http://127.0.0.1:13111",
        "STRIPE_API_KEY": "sk_test_serene",
        "STRIPE_WEBHOOK_SECRET": "whsec_of-the-native-stack",
        "TELEMETRY_FAULTS": "true",
    }


@pytest.mark.parametrize(
    ("name", "config", "pattern"),
    [
        ("collector", "otel-collector.yaml", r"\$\{env:(\w+):-"),
        ("tempo", "deploy/tempo.yaml", r"\$\{(\w+):-"),
        ("loki", "deploy/loki.yaml", r"\$\{(\w+):-"),
    ],
)
def test_native_stack_sets_every_variable_of_the_configuration(
    name: str, config: str, pattern: str
) -> None:
    reads = set(re.findall(pattern, (paths.ROOT / config).read_text()))
    assert set(BY_NAME[name].environment) == reads - LEFT_AT_DEFAULT
