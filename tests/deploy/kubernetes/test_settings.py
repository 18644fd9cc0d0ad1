"""Every setting is in the ConfigMap, in the Secret or set from the pod, and valid."""

import re

import pytest

from service.server_settings import ServerSettings
from service.settings import ServiceSettings, telemetry_config
from stack.cluster.settings import VALUES
from tests.deploy.files import text
from tests.deploy.kubernetes import manifests

GENERATED = manifests.FOLDER / "base" / "generated"
CONFIG_MAP = manifests.env_file(GENERATED / "settings.env")
SECRET = manifests.env_file(GENERATED / "secrets.env.example")
SECRETS = {
    "MONGODB_URI": "mongodb+srv://serene:secret@cluster.example/serene",
    "SERENE_TOKEN_KEYS": f"2026-11-01:{'s' * 32}",
    "STRIPE_API_KEY": "sk_live_" + "s" * 16,
    "STRIPE_WEBHOOK_SECRET": "whsec_" + "s" * 16,
    "CDN_PURGE_TOKEN": "secret",
    "REDIS_URL": "redis://:secret@redis.example:6379/0",
    "COMPANION_API_KEY": "secret",
}


def documented() -> set[str]:
    return set(re.findall(r"(?m)^\| `([A-Z][A-Z0-9_]+)` \|", text("docs/settings.md")))


def from_the_pod() -> set[str]:
    (service,) = manifests.pod(manifests.workloads("production")["serene"])["containers"]
    return {each["name"] for each in service["env"]}


def test_every_documented_setting_has_one_place():
    places = [*CONFIG_MAP, *SECRET, *(from_the_pod() & documented())]
    assert sorted(places) == sorted(documented())


def test_pod_sets_nothing_else_but_what_it_refers_to():
    (service,) = manifests.pod(manifests.workloads("production")["serene"])["containers"]
    values = "".join(each.get("value", "") for each in service["env"])
    others = from_the_pod() - documented()
    assert others == set(re.findall(r"\$\((\w+)\)", values))


def test_secrets_are_what_the_docs_hide_and_what_has_a_password_in_it():
    hidden = set(re.findall(r"(?m)^\| `(\w+)` \| `\*+` \|", text("docs/settings.md")))
    more = {"MONGODB_URI", "REDIS_URL", "CDN_PURGE_TOKEN", "TELEMETRY_DEBUG_TOKEN"}
    headers = {"OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"}
    assert set(SECRET) == hidden | more | headers
    assert [name for name, value in SECRET.items() if value] == []


def test_lines_without_a_value_leave_the_defaults():
    assert {name: value for name, value in CONFIG_MAP.items() if value} == VALUES
    assert ServiceSettings.from_env(CONFIG_MAP) == ServiceSettings.from_env(VALUES)
    assert telemetry_config(CONFIG_MAP).__dict__ == telemetry_config(VALUES).__dict__


@pytest.mark.parametrize("overlay", manifests.OVERLAYS)
def test_overlay_sets_only_known_variables_to_valid_values(overlay):
    given = manifests.settings(overlay)
    assert given.keys() == CONFIG_MAP.keys()
    pod = {"DEPLOYMENT_ENVIRONMENT": manifests.environment(overlay)}
    secrets = {} if overlay == "dev" else SECRETS
    service = ServiceSettings.from_env(given | pod | secrets)
    assert service.accounts.in_production == (overlay != "dev")
    assert telemetry_config(given | pod | secrets).notices == ()


@pytest.mark.parametrize("overlay", manifests.OVERLAYS)
def test_pod_has_one_worker_so_that_probes_see_it(overlay):
    server = ServerSettings.from_env(manifests.settings(overlay))
    assert (server.workers, server.host) == (1, "0.0.0.0")


def test_region_sets_what_its_document_asks_for():
    given = manifests.settings("region")
    block = re.findall(r"(?s)```sh\n(MONGODB_URI.*?)```", text("docs/regions.md"))
    asked = dict(re.findall(r"(?m)^([A-Z_]+)=(\S+)", block[0]))
    asked = {name: value for name, value in asked.items() if name not in SECRET}
    assert {name: given[name] for name in asked} == asked
