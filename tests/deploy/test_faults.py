"""docker-compose.faults.yml: toxiproxy between the service and what it uses, as natively."""

import json
import re
from typing import Any

import jsonschema

from service.settings import ServiceSettings
from stack.backends import BY_NAME
from telemetry import TelemetryConfig
from tests.deploy import files

OVERLAY = "docker-compose.faults.yml"


def overlay() -> dict[str, Any]:
    loaded: dict[str, Any] = files.document(OVERLAY)
    return loaded


def proxies() -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = json.loads(files.text("deploy/toxiproxy.json"))
    return loaded


def test_file_is_valid_by_the_compose_specification() -> None:
    jsonschema.Draft202012Validator(files.schema()).validate(overlay())


def test_toxiproxy_is_the_version_that_the_native_stack_builds() -> None:
    (version,) = re.findall(r"toxiproxy/v2 v([\d.]+)", files.text("stack/toxiproxy/go.mod"))
    assert overlay()["services"]["toxiproxy"]["image"].rpartition(":")[2] == version


def test_proxies_are_those_of_the_native_stack_at_the_same_ports() -> None:
    assert {one["name"]: one["listen"] for one in proxies()} == {
        name: f"0.0.0.0:{port}"
        for name, port in BY_NAME["toxiproxy"].ports.items()
        if name != "http"
    }
    for one in proxies():
        host, _, port = one["upstream"].rpartition(":")
        assert int(port) in files.container_ports(host), one
    assert overlay()["services"]["toxiproxy"]["expose"] == [
        one["listen"].rpartition(":")[2] for one in proxies()
    ]


def test_service_connects_to_the_proxies_and_nothing_else_differs() -> None:
    more = overlay()["services"]["service"]
    assert more.keys() == {"environment"}
    given = files.environment("service")
    changed = {name: given[name] for name in more["environment"] if name in given}
    expected = {}
    for name, text in changed.items():
        for one in proxies():
            listen = f"toxiproxy:{one['listen'].rpartition(':')[2]}"
            if one["upstream"] in text:
                expected[name] = text.replace(one["upstream"], listen)
    assert more["environment"] == expected | {"TELEMETRY_FAULTS": "true"}
    merged = given | more["environment"]
    assert ServiceSettings.from_env(merged) != ServiceSettings.from_env(given)
    assert TelemetryConfig.from_env(merged).faults


def test_api_of_toxiproxy_is_published_on_loopback_only() -> None:
    entry = overlay()["services"]["toxiproxy"]
    assert entry["ports"] == ["127.0.0.1:8474:8474"]
    (mount,) = entry["volumes"]
    source, target, mode = mount.split(":")
    assert (files.ROOT / source).exists()
    assert mode == "ro"
    assert f"-config={target}" in entry["command"]
