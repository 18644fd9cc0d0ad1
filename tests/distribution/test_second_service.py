"""The README's second service runs on the wheel alone, on the newest and on the lowest versions."""

import json
import re
import socket
from pathlib import Path

import pytest
from packaging.version import Version

from tests.distribution.environments import Environment, install, lowest, project
from tests.distribution.second_service import SECTION, running, trace_of

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

EXTRAS = "gunicorn,mongo"


@pytest.fixture(scope="module")
def newest(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """What the README's command installs today."""
    return install(tmp_path_factory.mktemp("newest") / "venv", wheel, EXTRAS)


@pytest.fixture(scope="module")
def oldest(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Every direct dependency and extra at its lower bound; what these need is the newest."""
    every = ",".join(project()["optional-dependencies"])
    pins = [f"{name}=={version}" for name, version in lowest().items()]
    return install(tmp_path_factory.mktemp("oldest") / "venv", wheel, every, *pins)


@pytest.mark.parametrize("versions", ["newest", "oldest"])
def test_readme_s_second_service_runs_on_the_wheel(
    versions: str, request: pytest.FixtureRequest, mongodb_uri: str, tmp_path: Path
) -> None:
    environment: Environment = request.getfixturevalue(versions)
    imported = environment.run("import telemetry; print(telemetry.__file__)", tmp_path)
    assert str(environment.folder) in imported.stdout, imported.stderr
    with running(environment, tmp_path, mongodb_uri) as service:
        answer = service.get("/items/tea")
        assert (answer.status_code, answer.json()) == (404, {"error": "no such item"})
        trace_id = trace_of(answer)

        spans = service.spans_of(trace_id, count=2)
        instance = f"{socket.gethostname()}/0"
        assert spans.keys() == {"GET /items/<name>", "find items"}
        for resource in spans.values():
            assert resource["service.name"] == "shop"
            assert resource["service.instance.id"] == instance

        exposed = service.metrics()
        assert f'service_instance_id="{instance}"' in exposed
        assert re.search(
            r'http_server_request_duration_seconds_bucket\{[^}]*http_route="/items/<name>"[^}]*\} '
            rf'1(\.0)? # \{{trace_id="{trace_id}"\}}',
            exposed,
        )
        assert re.search(r"^mongodb_up(\{[^}]*\})? 1(\.0)?$", exposed, re.MULTILINE)
        assert [service.health(name) for name in ("liveness", "readiness")] == [200, 200]

        assert service.terminate() == 0
        lines = [json.loads(line) for line in service.log.splitlines() if line.startswith("{")]
        (request,) = [line for line in lines if line.get("trace_id") == trace_id]
        assert (request["route"], request["instance"]) == ("/items/<name>", instance)


def test_lower_bounds_are_what_is_installed(oldest: Environment, tmp_path: Path) -> None:
    installed = oldest.versions(tmp_path)
    bounds = lowest()
    assert {name: Version(installed[name]) for name in bounds} == {
        name: Version(version) for name, version in bounds.items()
    }


def test_every_extra_works_at_its_lower_bound(oldest: Environment, tmp_path: Path) -> None:
    done = oldest.run(
        "from gevent import monkey; monkey.patch_all()\n"
        "from flask import Flask\n"
        "from telemetry import Telemetry\n"
        "telemetry = Telemetry.from_env({'TELEMETRY_SERVER_SPANS': 'instrumentation-flask',\n"
        "    'OTEL_PROPAGATORS': 'b3', 'TELEMETRY_STRICT': 'true'})\n"
        "app = Flask('plain')\n"
        "app.add_url_rule('/', view_func=telemetry.http_client.headers)\n"
        "telemetry.init_app(app)\n"
        "answer = app.test_client().get('/')\n"
        "print(answer.status_code, sorted(answer.json), len(telemetry.mongo_listeners()))\n",
        tmp_path,
    )
    assert (done.stdout, done.stderr) == ("200 ['X-Request-ID', 'b3'] 2\n", "")


def test_readme_installs_the_extras_that_it_uses() -> None:
    assert f"[{EXTRAS}]" in SECTION
