"""Addresses in the configurations: each names a service and its port; no variable is unset."""

import json

import pytest
import yaml

from stack.backends import BY_NAME
from telemetry.config import TelemetryConfig
from tests.deploy import files

READ_BY = {
    "otel-collector.yaml": "collector",
    "deploy/prometheus.yml": "prometheus",
    "deploy/alertmanager.yml": "alertmanager",
    "deploy/tempo.yaml": "tempo",
    "deploy/loki.yaml": "loki",
}
LOOPBACK_OR_ANY = {"127.0.0.1", "0.0.0.0", "localhost"}


@pytest.mark.parametrize("configuration", READ_BY)
def test_every_variable_has_a_default_or_is_set(configuration: str) -> None:
    given = files.environment(READ_BY[configuration])
    assert [
        name
        for name, default in files.variables(configuration).items()
        if not default and name not in given
    ] == []


def connected() -> set[tuple[str, int]]:
    """Return every host:port at which a container connects to another one."""
    texts = [
        files.as_deployed(configuration, service) for configuration, service in READ_BY.items()
    ]
    texts.append(files.text("deploy/grafana/provisioning/datasources/serene.yaml"))
    texts += [str(files.environment(service)) for service in files.services()]
    return {
        address
        for text in texts
        for address in files.addresses(text)
        if address[0] not in LOOPBACK_OR_ANY
    }


def test_hosts_are_services_that_listen_on_the_port() -> None:
    assert {
        (host, port)
        for host, port in connected()
        if host not in files.services() or port not in files.container_ports(host)
    } == set()


def test_whole_path_is_connected() -> None:
    assert connected() == {
        ("service", 9464),
        ("service", 9465),
        ("collector", 4318),
        ("tempo", 14318),
        ("tempo", 3200),
        ("loki", 3100),
        ("prometheus", 9090),
        ("alertmanager", 9093),
        ("notifications", 9099),
        ("mongodb", 27017),
        ("model", 8089),
        ("redis", 6379),
        ("stripe-mock", 12111),
    }


@pytest.mark.parametrize(
    ("configuration", "ports"),
    [
        ("otel-collector.yaml", {4318, 8888, 13133}),
        ("deploy/tempo.yaml", {3200, 14318}),
        ("deploy/loki.yaml", {3100}),
    ],
)
def test_listeners_are_open_to_other_containers(configuration: str, ports: set[int]) -> None:
    service = READ_BY[configuration]
    deployed = files.as_deployed(configuration, service)
    listening = {port for host, port in files.addresses(deployed) if host == "0.0.0.0"}
    parsed = yaml.safe_load(deployed)
    if service in {"tempo", "loki"}:
        listening |= (
            {parsed["server"]["http_listen_port"]}
            if parsed["server"]["http_listen_address"] == "0.0.0.0"
            else set()
        )
    else:
        own = parsed["service"]["telemetry"]["metrics"]["readers"][0]["pull"]["exporter"][
            "prometheus"
        ]
        listening |= {own["port"]} if own["host"] == "0.0.0.0" else set()
    assert listening == ports == files.container_ports(service)


def test_collector_scrapes_each_worker_under_its_own_name() -> None:
    given = TelemetryConfig.from_env(files.environment("service"))
    workers = int(files.environment("service")["WEB_CONCURRENCY"])
    host = files.services()["service"]["hostname"]
    expected = [f"service:{given.management_port + slot}#{host}/{slot}" for slot in range(workers)]
    assert json.loads(files.variables("otel-collector.yaml")["SERENE_SCRAPE_TARGETS"]) == expected


def test_collector_labels_the_service_with_its_own_name() -> None:
    given = TelemetryConfig.from_env(files.environment("service"))
    collector = yaml.safe_load(files.as_deployed("otel-collector.yaml", "collector"))
    jobs = collector["receivers"]["prometheus"]["config"]["scrape_configs"]
    (serene,) = (job for job in jobs if job["job_name"] == "serene")
    (target,) = serene["static_configs"]
    assert target["labels"] == {
        "service_name": given.service_name,
        "deployment_environment_name": given.environment,
    }


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("prometheus", ("--config", "--storage", "--web.listen")),
        ("alertmanager", ("--config", "--storage", "--web.listen")),
        ("tempo", ("-config.file",)),
        ("loki", ("-config.file",)),
        ("collector", ("--config", "{root}")),
    ],
)
def test_backends_run_with_the_flags_of_the_native_stack(name: str, own: tuple[str, ...]) -> None:
    native = {part for part in BY_NAME[name].command[1:] if not part.startswith(own)}
    docker = {part for part in files.services()[name]["command"] if not part.startswith(own)}
    assert docker == native
