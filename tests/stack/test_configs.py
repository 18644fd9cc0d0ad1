"""The configuration files, checked by the real binaries: with Docker's defaults and natively."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from dashboards import alerts
from dashboards.alerts import routing
from dashboards.time_scale import TimeScale
from stack import configs, paths
from stack.backends import template_values
from stack.errors import StackError
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
    names = sorted(path.stem for path in (paths.ROOT / "deploy/rules").iterdir())
    assert {"alerts", "recording"} <= set(names)
    assert (status, [line for line in output.splitlines() if line]) == (
        0,
        [
            "Checking deploy/prometheus.yml",
            f"  SUCCESS: {len(names)} rule files found",
            " SUCCESS: deploy/prometheus.yml is valid prometheus config file syntax",
            *(
                line
                for name in names
                for line in (
                    f"Checking deploy/rules/{name}.yml",
                    f"  SUCCESS: {rules(name)} rules found",
                )
            ),
        ],
    )


def rules(name: str) -> int:
    groups = yaml.safe_load((paths.ROOT / f"deploy/rules/{name}.yml").read_text())["groups"]
    return sum(len(group["rules"]) for group in groups)


def test_native_prometheus_has_the_same_configuration_at_other_addresses(
    own_stack: Stack, tmp_path: Path
) -> None:
    configs.write(own_stack.backend("prometheus"), filled(own_stack, "prometheus", tmp_path))
    written = yaml.safe_load((tmp_path / "config").read_text())
    committed = yaml.safe_load((paths.ROOT / "deploy/prometheus.yml").read_text())
    committed["rule_files"] = [f"{tmp_path}/rules/*.yml"]
    alertmanager = f"127.0.0.1:{own_stack.port('alertmanager')}"
    committed["alerting"] = {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]}
    assert written == committed


def test_address_that_a_configuration_no_longer_has_stops_the_start(
    own_stack: Stack, tmp_path: Path
) -> None:
    (tmp_path / "alertmanager.yml").write_text("route: {}\n")
    with pytest.raises(StackError) as raised:
        configs.write(
            own_stack.backend("alertmanager"), filled(own_stack, "alertmanager", tmp_path)
        )
    assert str(raised.value) == (
        "alertmanager.yml has no 'http://notifications:9099/' to change for alertmanager"
    )


def filled(stack: Stack, name: str, folder: Path) -> Callable[[str], str]:
    """Return a function that fills in templates, with all folders in one."""
    values = template_values(stack.offset, stack.workers)

    def fill(text: str) -> str:
        return text.format(**values, config=folder / "config", deploy=folder, root=paths.ROOT)

    return fill


@pytest.mark.parametrize("config", ["docker", "native", "fast"])
def test_alertmanager_accepts_its_configuration(
    own_stack: Stack, tmp_path: Path, config: str
) -> None:
    path = paths.ROOT / "deploy/alertmanager.yml"
    if config == "fast":
        alerts.write(tmp_path, TimeScale(60))
        path = tmp_path / "alertmanager.yml"
    if config == "native":
        configs.write(
            own_stack.backend("alertmanager"), filled(own_stack, "alertmanager", tmp_path)
        )
        path = tmp_path / "config"
    status, output = check(
        own_stack, "alertmanager", dict(os.environ), "amtool", "check-config", str(path)
    )
    assert (status, "SUCCESS" in output) == (0, True), output
    assert f" - {len(routing.INHIBITIONS)} inhibit rules" in output
    assert " - 3 receivers" in output


def test_documented_receivers_are_accepted(own_stack: Stack, tmp_path: Path) -> None:
    guide = (paths.ROOT / "docs/alerting.md").read_text(encoding="utf-8")
    (example,) = (text for text in guide.split("```yaml\n") if text.startswith("receivers:"))
    committed = yaml.safe_load((paths.ROOT / "deploy/alertmanager.yml").read_text())
    path = tmp_path / "alertmanager.yml"
    documented = yaml.safe_load(example.partition("```")[0])["receivers"]
    receivers = {one["name"]: one for one in (*committed["receivers"], *documented)}
    path.write_text(yaml.safe_dump(committed | {"receivers": list(receivers.values())}))
    status, output = check(
        own_stack, "alertmanager", dict(os.environ), "amtool", "check-config", str(path)
    )
    assert (status, "SUCCESS" in output) == (0, True), output
