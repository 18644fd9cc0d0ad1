"""docker-compose.yml: valid by the specification, pinned images, loopback ports, known settings."""

import json
import re
import runpy

import jsonschema
import pytest

from dashboards import board_json
from service.settings import ServiceSettings
from telemetry import SettingError
from telemetry.config import Settings, TelemetryConfig
from tests.deploy import files

OFFICIAL = {
    "mongodb": "mongo",
    "redis": "redis",
    "collector": "otel/opentelemetry-collector-contrib",
    "prometheus": "prom/prometheus",
    "alertmanager": "prom/alertmanager",
    "tempo": "grafana/tempo",
    "loki": "grafana/loki",
    "grafana": "grafana/grafana",
    "stripe-mock": "stripe/stripe-mock",
}
WITHOUT_HEALTH_CHECK = {
    "collector": "its image is one binary, without a client for a probe",
    "loki": "its image is one binary, without a client for a probe",
    "service": "its image has one",
    "seed": "ends by itself",
}


def test_file_is_valid_by_the_compose_specification() -> None:
    jsonschema.Draft202012Validator(files.schema()).validate(files.compose())


def test_specification_refuses_a_misspelt_key() -> None:
    wrong = files.compose() | {"services": {"service": {"image": "serene:1", "heathcheck": {}}}}
    with pytest.raises(jsonschema.ValidationError, match="heathcheck"):
        jsonschema.Draft202012Validator(files.schema()).validate(wrong)


def test_images_are_official_and_pinned_to_a_release() -> None:
    images = {name: entry["image"].rpartition(":") for name, entry in files.services().items()}
    assert {name: image for name, (image, _, _) in images.items()} == OFFICIAL | dict.fromkeys(
        ("service", "seed", "model", "notifications"), "serene"
    )
    assert {
        name
        for name, (_, _, tag) in images.items()
        if not re.fullmatch(r"v?\d+\.\d+\.\d+(-[a-z]+)?", tag)
    } == set()


def test_images_are_of_the_versions_that_the_native_stack_builds() -> None:
    tag = {name: entry["image"].rpartition(":")[2] for name, entry in files.services().items()}
    collector = re.findall(
        r"receiver/prometheusreceiver v([\d.]+)", files.text("stack/collector/go.mod")
    )
    # Prometheus v3.16.0 is v0.316.0 as a Go module.
    (prometheus,) = re.findall(
        r"prometheus/prometheus v0\.3(\d\d)\.(\d+)", files.text("stack/prometheus/go.mod")
    )
    (stripe,) = re.findall(r"stripe/stripe-mock (v[\d.]+)", files.text("stack/stripe-mock/go.mod"))
    assert (tag["collector"], tag["prometheus"]) == (
        collector[0],
        f"v3.{int(prometheus[0])}.{prometheus[1]}",
    )
    assert tag["stripe-mock"] == stripe
    assert (
        files.text("stack/alertmanager/go.mod").count(f"alertmanager {tag['alertmanager']}\n") == 1
    )
    assert files.text("stack/loki/go.mod").count(f"grafana/loki/v3 v{tag['loki']}\n") == 1
    assert tag["mongodb"].startswith("8.")


def test_only_user_facing_ports_are_published_and_only_on_loopback() -> None:
    published = {
        name: entry["ports"] for name, entry in files.services().items() if "ports" in entry
    }
    assert published == {
        "service": ["127.0.0.1:8000:8000"],
        "prometheus": ["127.0.0.1:9090:9090"],
        "alertmanager": ["127.0.0.1:9093:9093"],
        "tempo": ["127.0.0.1:3200:3200"],
        "loki": ["127.0.0.1:3100:3100"],
        "grafana": ["127.0.0.1:3000:3000"],
    }


def test_services_start_in_any_order() -> None:
    assert [name for name, entry in files.services().items() if "depends_on" in entry] == []


def test_every_service_except_the_seed_restarts_after_a_crash() -> None:
    restarts = {name: entry["restart"] for name, entry in files.services().items()}
    assert restarts == dict.fromkeys(files.services(), "unless-stopped") | {"seed": "on-failure"}


def test_every_service_whose_image_allows_it_has_a_health_check() -> None:
    unchecked = {
        name
        for name, entry in files.services().items()
        if "test" not in entry.get("healthcheck", {})
    }
    assert unchecked == WITHOUT_HEALTH_CHECK.keys()


def test_mounted_paths_exist_and_are_read_only() -> None:
    mounts = [
        volume
        for entry in files.services().values()
        for volume in entry.get("volumes", ())
        if volume.startswith(".")
    ]
    assert [mount for mount in mounts if not (files.ROOT / mount.split(":")[0]).exists()] == []
    assert [mount for mount in mounts if not mount.endswith(":ro")] == []


def test_named_volumes_are_declared_and_used() -> None:
    used = {
        volume.split(":")[0]
        for entry in files.services().values()
        for volume in entry.get("volumes", ())
        if not volume.startswith(".")
    }
    assert used == files.compose()["volumes"].keys()


def test_configurations_are_read_from_where_they_are_mounted() -> None:
    for name in ("collector", "prometheus", "alertmanager", "tempo", "loki"):
        entry = files.services()[name]
        targets = {volume.split(":")[1] for volume in entry["volumes"]}
        named = {
            part.partition("=")[2]
            for part in entry["command"]
            if re.match(r"-{1,2}config(\.file)?=", part)
        }
        assert named <= targets, name


def test_home_board_is_mounted() -> None:
    home = files.environment("grafana")["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    mounted = {
        volume.split(":")[1]: volume.split(":")[0]
        for volume in files.services()["grafana"]["volumes"]
    }
    folder, _, name = home.rpartition("/")
    assert files.ROOT / mounted[folder] == board_json.GENERATED
    assert name in {file.name for file in board_json.files()}


GROUPS = (TelemetryConfig, *ServiceSettings.groups().values())


def aliases(settings: type[Settings]) -> set[str]:
    return {str(field.alias) for field in settings.model_fields.values()}


def test_service_gets_only_known_variables_with_valid_values(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = files.environment("service")
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    gunicorn = runpy.run_path(str(files.ROOT / "service/gunicorn_conf.py"))
    known = set().union(*map(aliases, GROUPS))
    assert given.keys() - known == set()
    assert (gunicorn["bind"], gunicorn["workers"]) == ("0.0.0.0:8000", 2)
    telemetry = TelemetryConfig.from_env(given)
    service = ServiceSettings.from_env(given)
    assert (telemetry.environment, telemetry.service_name, telemetry.management_host) == (
        "development",
        "serene",
        "0.0.0.0",
    )
    redis_port = files.services()["redis"]["expose"][0]
    assert service.rate_limits.redis_url == f"redis://redis:{redis_port}/0"
    mongo = service.mongo
    assert (mongo.environment, mongo.max_pool_size, mongo.min_pool_size) == ("development", 10, 2)
    fields = [field for group in GROUPS for field in group.model_fields.values()]
    assert [field for field in fields if field.is_required()] == []


def test_fresh_clone_needs_no_variable() -> None:
    assert re.findall(r"\$\{\w+:?\?", files.text("docker-compose.yml")) == []


def test_production_needs_both_secrets_from_the_shell() -> None:
    secrets = {
        "SERENE_TOKEN_KEYS": f"one:{'s' * 32}",
        "STRIPE_WEBHOOK_SECRET": "whsec_" + "s" * 16,
    }
    for missing in secrets:
        shell = secrets | {"DEPLOYMENT_ENVIRONMENT": "production"}
        del shell[missing]
        with pytest.raises(SettingError, match=missing):
            ServiceSettings.from_env(files.environment("service", shell))
    shell = secrets | {"DEPLOYMENT_ENVIRONMENT": "production"}
    for name in ("service", "seed"):
        given = ServiceSettings.from_env(files.environment(name, shell))
        assert given.accounts.in_production
    assert files.environment("collector", shell) == {"DEPLOYMENT_ENVIRONMENT": "production"}


def test_stop_grace_period_is_longer_than_a_drain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in files.environment("service").items():
        monkeypatch.setenv(name, value)
    gunicorn = runpy.run_path(str(files.ROOT / "service/gunicorn_conf.py"))
    seconds = int(files.services()["service"]["stop_grace_period"].removesuffix("s"))
    assert seconds >= gunicorn["graceful_timeout"] + 5


def test_service_runs_its_images_command_and_writes_lines_where_the_collector_reads() -> None:
    entry = files.services()["service"]
    (command,) = re.findall(r"(?m)^ENTRYPOINT (.*)$", files.text("Dockerfile"))
    _, keys, kept, python, program, log, most_bytes, *rest = entry["entrypoint"]
    assert (python, rest) == ("python", json.loads(command))
    mounted = {volume.split(":")[1]: volume.split(":")[0] for volume in entry.get("volumes", ())}
    assert files.ROOT / mounted[program] == files.ROOT / "stack/output_log.py"
    assert files.ROOT / mounted[keys] == files.ROOT / "stack/demo_keys.py"
    assert mounted[kept.rpartition("/")[0]] == "demo-keys"
    read = json.loads(files.variables("otel-collector.yaml")["SERVICE_LOG_FILES"])
    assert read == [log, f"{log}.1"]
    assert int(most_bytes) == 64 * 2**20
    folder = log.rpartition("/")[0]
    volume = f"{mounted[folder]}:{folder}"
    collector = files.services()["collector"]
    assert volume in collector["volumes"]
    # Who owns the volume's folder in the image, who writes there and who reads.
    assert f"install -d -o 10001 -g 10001 {folder}" in files.text("Dockerfile")
    assert "USER 10001:10001" in files.text("Dockerfile")
    assert collector["user"] == "10001:10001"
    data = files.variables("otel-collector.yaml")["COLLECTOR_DATA"]
    assert data.startswith(f"{folder}/")


def test_seed_runs_a_module_that_exists() -> None:
    python, option, module = files.services()["seed"]["entrypoint"]
    assert (python, option) == ("python", "-m")
    assert (files.ROOT / module.replace(".", "/")).with_suffix(".py").exists()


def test_service_and_seed_are_one_image_with_one_database() -> None:
    shared = ("build", "image", "read_only", "cap_drop", "security_opt")
    service, seed = files.services()["service"], files.services()["seed"]
    assert {key: seed[key] for key in shared} == {key: service[key] for key in shared}
    assert files.environment("seed")["MONGODB_URI"] == files.environment("service")["MONGODB_URI"]
    assert (
        files.environment("seed")["DEPLOYMENT_ENVIRONMENT"]
        == files.environment("service")["DEPLOYMENT_ENVIRONMENT"]
    )
