"""Probes, ports and times of a stop, compared with the settings that rule them."""

import math
import runpy

import pytest

from service.liveness_probe import PATH
from service.settings import telemetry_config
from stack.cluster.numbers import KILL_MARGIN_SECONDS, PRE_STOP_SECONDS, Numbers
from telemetry.gunicorn import longest_shutdown_seconds
from tests.deploy.files import ROOT
from tests.deploy.kubernetes import manifests


def service_of(overlay):
    pod = manifests.pod(manifests.workloads(overlay)["serene"])
    (container,) = pod["containers"]
    return pod, container


@pytest.mark.parametrize("overlay", manifests.OVERLAYS)
def test_pod_is_killed_only_after_the_longest_drain(overlay):
    pod, container = service_of(overlay)
    drain_seconds = longest_shutdown_seconds(telemetry_config(manifests.settings(overlay)))
    pre_stop_seconds = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pod["terminationGracePeriodSeconds"] == (
        pre_stop_seconds + math.ceil(drain_seconds) + KILL_MARGIN_SECONDS
    )
    assert pre_stop_seconds == PRE_STOP_SECONDS


def test_grace_follows_the_drain():
    numbers = [
        Numbers.of({"DRAIN_DELAY_SECONDS": delay, "DRAIN_TIMEOUT_SECONDS": timeout}).stop_seconds
        for delay, timeout in (("5", "30"), ("7.5", "30"), ("5", "90"))
    ]
    assert numbers == [60, 63, 120]


@pytest.mark.parametrize("overlay", manifests.OVERLAYS)
def test_ports_are_those_that_the_service_listens_at(overlay):
    _, container = service_of(overlay)
    numbers = Numbers.of(manifests.settings(overlay))
    assert {each["name"]: each["containerPort"] for each in container["ports"]} == {
        "http": numbers.api_port,
        "management": numbers.management_port,
    }
    assert telemetry_config(manifests.settings(overlay)).management_host == "0.0.0.0"


def test_probes_ask_the_management_port():
    _, container = service_of("production")
    probes = {
        name: container[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")
    }
    readiness = PATH.replace("liveness", "readiness")
    assert probes == {
        "startup": {"port": "management", "path": PATH},
        "liveness": {"port": "management", "path": PATH},
        "readiness": {"port": "management", "path": readiness},
    }


def test_stuck_worker_is_replaced_before_its_pod(monkeypatch):
    for name, value in manifests.settings("production").items():
        monkeypatch.setenv(name, value)
    gunicorn = runpy.run_path(str(ROOT / "service/gunicorn_conf.py"))
    _, container = service_of("production")
    probe = container["livenessProbe"]
    assert (probe["failureThreshold"] - 1) * probe["periodSeconds"] > gunicorn["timeout"]
    assert gunicorn["workers"] == 1


def test_pod_leaves_its_endpoints_before_the_drain_delay_ends():
    _, container = service_of("production")
    probe = container["readinessProbe"]
    delay = telemetry_config(manifests.settings("production")).drain_delay_seconds
    assert probe["failureThreshold"] * probe["periodSeconds"] <= delay


def test_memory_covers_what_settings_let_grow():
    _, container = service_of("production")
    small = Numbers.of({"PASSWORDS_AT_ONCE": "1", "TELEMETRY_FLIGHT_RECORDER_BYTES": "0"})
    numbers = Numbers.of(manifests.settings("production"))
    assert small.memory_mib < numbers.memory_mib
    assert container["resources"] == {
        "requests": {
            "cpu": "500m",
            "ephemeral-storage": "64Mi",
            "memory": f"{numbers.memory_mib}Mi",
        },
        "limits": {"ephemeral-storage": "256Mi", "memory": f"{2 * numbers.memory_mib}Mi"},
    }
