"""The configuration files, checked by the real binaries: with Docker's defaults and natively."""

import os
import subprocess
from pathlib import Path

import pytest

from stack import paths
from stack.runner import Stack

pytestmark = pytest.mark.e2e


def check(stack: Stack, name: str, environment: dict[str, str], *command: str) -> tuple[int, str]:
    folder = stack.builder.build(stack.backend(name))
    done = subprocess.run(
        [folder / command[0], *command[1:]],
        cwd=paths.ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(params=["docker", "native"])
def environment_of(request: pytest.FixtureRequest, own_stack: Stack) -> "dict[str, dict[str, str]]":
    native = {name: own_stack.environment(name) for name in ("collector", "tempo", "loki")}
    return native if request.param == "native" else {name: dict(os.environ) for name in native}


def test_collector_accepts_its_configuration(
    own_stack: Stack, environment_of: "dict[str, dict[str, str]]"
) -> None:
    found = check(
        own_stack,
        "collector",
        environment_of["collector"],
        "otelcol",
        "validate",
        "--config",
        "otel-collector.yaml",
    )
    assert found == (0, "")


def test_tempo_accepts_its_configuration(
    own_stack: Stack, environment_of: "dict[str, dict[str, str]]"
) -> None:
    arguments = (
        "tempo",
        "-config.file=deploy/tempo.yaml",
        "-config.expand-env=true",
        "-config.verify=true",
    )
    assert check(own_stack, "tempo", environment_of["tempo"], *arguments) == (0, "")


def test_loki_accepts_its_configuration(
    own_stack: Stack, environment_of: "dict[str, dict[str, str]]"
) -> None:
    arguments = (
        "loki",
        "-config.file=deploy/loki.yaml",
        "-config.expand-env=true",
        "-verify-config=true",
    )
    status, output = check(own_stack, "loki", environment_of["loki"], *arguments)
    assert (status, [line for line in output.splitlines() if "level=error" in line]) == (0, [])


def test_tempo_refuses_an_unknown_setting(own_stack: Stack, tmp_path: Path) -> None:
    wrong = tmp_path / "tempo.yaml"
    wrong.write_text(
        (paths.ROOT / "deploy/tempo.yaml").read_text().replace("ingester:", "ingestor:")
    )
    status, output = check(
        own_stack,
        "tempo",
        dict(os.environ),
        "tempo",
        f"-config.file={wrong}",
        "-config.expand-env=true",
    )
    assert (status, "field ingestor not found" in output) == (1, True)


def test_prometheus_accepts_its_configuration(own_stack: Stack) -> None:
    status, output = check(
        own_stack,
        "prometheus",
        dict(os.environ),
        "promtool",
        "check",
        "config",
        "deploy/prometheus.yml",
    )
    assert (status, [line for line in output.splitlines() if line]) == (
        0,
        [
            "Checking deploy/prometheus.yml",
            "  SUCCESS: 1 rule files found",
            " SUCCESS: deploy/prometheus.yml is valid prometheus config file syntax",
            "Checking deploy/rules/alerts.yml",
            "  SUCCESS: 2 rules found",
        ],
    )
