"""gunicorn's start: a bad port or setting is one line; the arbiter imports nothing unpatched."""

import socket
import subprocess
import sys

import pytest
from gunicorn.util import load_class

from tests.machine import PATIENCE_SECONDS
from tests.support.polling import wait_until
from tests.support.processes import ROOT, gunicorn, run_gunicorn
from tests.support.scenarios import scenarios

pytestmark = pytest.mark.e2e


def on_a_taken_port(setting):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        return port, *run_gunicorn(**{setting: port})


@scenarios((on_a_taken_port, "TELEMETRY_MANAGEMENT_PORT"))
def test_taken_management_port_is_one_line(outcome):
    port, code, lines = outcome

    assert (code, lines) == (
        1,
        [
            f"management of slot 0 cannot listen on 127.0.0.1:{port}: Address already in use; "
            "set TELEMETRY_MANAGEMENT_PORT to a free one"
        ],
    )


@scenarios((on_a_taken_port, "SERENE_PORT"))
def test_taken_port_is_one_line(outcome):
    port, code, lines = outcome

    assert (code, lines) == (
        1,
        [
            f"the service cannot listen on 127.0.0.1:{port}: Address already in use; "
            "set bind to a free one"
        ],
    )


def with_a_bad_setting(name, value):
    return run_gunicorn(**{name: value})


@scenarios(
    (with_a_bad_setting, "SERENE_PORT", "many"), (with_a_bad_setting, "DRAIN_TIMEOUT_SECONDS", "-1")
)
def test_bad_setting_is_one_line(outcome):
    code, (line,) = outcome

    assert code == 1
    assert line.startswith(("SERENE_PORT='many': ", "DRAIN_TIMEOUT_SECONDS='-1': "))


@scenarios((run_gunicorn, "--preload"))
def test_preloading_is_refused(outcome):
    assert outcome == (
        1,
        [
            "preload_app is not possible: "
            "the app must be imported after the worker has been monkey-patched"
        ],
    )


@scenarios((run_gunicorn, "--check-config"))
def test_the_configuration_can_be_checked(outcome):
    assert outcome == (0, [])


IMPORTS = """
import sys
from gevent import monkey
from gunicorn.util import load_class
import telemetry.gunicorn
for name in telemetry.gunicorn.__all__:
    load_class("telemetry.gunicorn." + name)
unpatched = {"flask", "pymongo", "opentelemetry", "requests", "urllib3"}
print(sorted({name.split(".")[0] for name in sys.modules} & unpatched))
assert not monkey.is_module_patched("socket")
"""


def test_arbiter_imports_nothing_that_must_be_patched_first():
    ended = subprocess.run(
        [sys.executable, "-c", IMPORTS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )

    assert (ended.stdout, ended.stderr) == ("[]\n", "")


@pytest.mark.parametrize("name", ["DrainingWorker", "JsonLogger"])
def test_gunicorn_loads_the_classes_by_their_public_names(name):
    assert load_class(f"telemetry.gunicorn.{name}").__name__ == name


def test_unknown_public_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Worker'"):
        load_class("telemetry.gunicorn.Worker")


def test_connection_is_refused_until_the_app_is_loaded(tmp_path):
    """A load balancer sends it elsewhere; in the kernel's queue a host that dies would lose it."""
    loaded = tmp_path / "loaded"
    with gunicorn(app="tests.telemetry.server.apps.loaded_later:app", LOADED_WHEN=loaded) as server:
        server.wait_for_log("Booting worker")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", server.port), PATIENCE_SECONDS).close()
        loaded.touch()
        wait_until(lambda: server.get("/who").status == 200, what="a response")
