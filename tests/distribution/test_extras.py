"""Without an extra the layer works, and the part that needs it is one line that names it."""

from pathlib import Path

import pytest

from tests.distribution.environments import Environment, install

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

PATCHED = "from gevent import monkey; monkey.patch_all()\n"

APP = """
import urllib.request, gevent, json
from flask import Flask
from telemetry import Telemetry
from telemetry.standalone import serve

telemetry = Telemetry.from_env({
    "TELEMETRY_MANAGEMENT_PORT": "0", "OTEL_TRACES_EXPORTER": "none",
    "DRAIN_DELAY_SECONDS": "0", "OTEL_SERVICE_NAME": "plain",
})
app = Flask("plain")
app.add_url_rule("/", view_func=lambda: "served")
telemetry.init_app(app)

def ask():
    answer = urllib.request.urlopen("http://127.0.0.1:%s/" % port, timeout=30)
    print(answer.read().decode(), "X-Request-ID" in answer.headers)
    telemetry.lifecycle.drain("done")

import socket
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
telemetry.on_start(lambda: gevent.spawn_later(0.5, ask))
print(serve(app, telemetry, "127.0.0.1", port))
"""


@pytest.fixture(scope="module")
def bare(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with the wheel and none of its extras."""
    return install(tmp_path_factory.mktemp("environment") / "venv", wheel, "")


def test_bare_environment_holds_nothing_of_the_extras(bare: Environment, tmp_path: Path) -> None:
    names = bare.versions(tmp_path).keys()
    assert {"serene-telemetry", "flask", "gevent"} <= names
    assert {name for name in names if "instrumentation" in name or "pymongo" in name} == set()
    assert (
        names & {"gunicorn", "opentelemetry-propagator-b3", "opentelemetry-exporter-otlp"} == set()
    )


def test_plain_app_is_served_and_observed_without_any_extra(
    bare: Environment, tmp_path: Path
) -> None:
    done = bare.run(PATCHED + APP, tmp_path)
    printed = [line for line in done.stdout.splitlines() if not line.startswith("{")]
    assert (printed, done.stderr) == (["served True", "0"], "")


@pytest.mark.parametrize(
    ("code", "line"),
    [
        (
            "Telemetry.from_env({}).mongo_listeners()",
            "Telemetry.mongo_listeners() needs packages that are not installed: "
            'pip install "serene-telemetry[mongo]"',
        ),
        (
            "Telemetry.from_env({}).watch_mongo(None)",
            "Telemetry.watch_mongo() needs packages that are not installed: "
            'pip install "serene-telemetry[mongo]"',
        ),
        (
            "Telemetry.from_env({'TELEMETRY_SERVER_SPANS': 'instrumentation-flask'})",
            "TELEMETRY_SERVER_SPANS='instrumentation-flask': this source needs packages that are "
            'not installed: pip install "serene-telemetry[flask-instrumentation]"',
        ),
        (
            "Telemetry.from_env({'OTEL_PROPAGATORS': 'b3multi'})",
            "OTEL_PROPAGATORS='b3multi': this format needs packages that are not installed: "
            'pip install "serene-telemetry[b3]"',
        ),
        (
            "from telemetry.gunicorn import post_fork",
            "telemetry.gunicorn needs packages that are not installed: "
            'pip install "serene-telemetry[gunicorn]"',
        ),
        (
            "import telemetry.gunicorn.worker",
            "telemetry.gunicorn needs packages that are not installed: "
            'pip install "serene-telemetry[gunicorn]"',
        ),
    ],
)
def test_part_without_its_extra_is_one_line_that_names_it(
    bare: Environment, tmp_path: Path, code: str, line: str
) -> None:
    done = bare.run(
        f"{PATCHED}from telemetry import SettingError, Telemetry\n"
        f"try:\n    {code}\nexcept SettingError as error:\n    print(error)",
        tmp_path,
    )
    assert (done.stdout, done.stderr) == (line + "\n", "")
