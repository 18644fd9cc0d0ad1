"""Importing a module has no side effect: it reads no environment and starts, registers and opens
nothing.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, modules

ENTRIES = {
    "service.wsgi": "the entry point: patches, reads the environment and builds the service",
    "service.gunicorn_conf": "a configuration that gunicorn executes",
    "stack.traffic.locustfile": "a file that locust executes; importing locust patches the process",
    "stack.fleet.caller": "a service of its own, started by its name: patches the process",
    "bench.api_users": "the same, for the users of bench.api",
}


def effects(*names: str, root: Path = ROOT) -> dict[str, list[str]]:
    """Run the probe on modules; returns the side effects of those that have any."""
    command = [sys.executable, str(ROOT / "tests" / "architecture" / "probe.py"), *names]
    done = subprocess.run(
        command, cwd=root, capture_output=True, text=True, check=False, timeout=550
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


@pytest.mark.slow
def test_no_import_has_an_effect():
    assert effects(*(module for module in modules() if module not in ENTRIES)) == {}


PLANTED = [
    (
        "import os\nhome = os.environ.get('HOME')",
        "reads HOME of the environment at telemetry/planted_0.py:2",
    ),
    (
        "import os\nhome = os.getenv('HOME')",
        "reads HOME of the environment at telemetry/planted_1.py:2",
    ),
    ("import socket\nlistener = socket.socket()", "socket.__new__ at telemetry/planted_2.py:2"),
    (
        "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()",
        "threads: 1 -> 2",
    ),
    ("import gevent\ngevent.spawn(print)", "hub: False -> True"),
    ("import pymongo\nclient = pymongo.MongoClient()", "threads: 1 -> "),
    ("import subprocess\nsubprocess.run(['true'])", "subprocess.Popen at telemetry/planted_6.py:2"),
    ("import signal\nsignal.signal(signal.SIGUSR1, signal.SIG_IGN)", "signals: "),
    ("import prometheus_client\nprometheus_client.Counter('planted', 'x')", "default registry: "),
    ("import logging\nlogging.basicConfig()", "log handlers: 0 -> 1"),
    ("from telemetry import nowhere", "cannot be imported alone: ImportError"),
]


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """The side effects of each planted module, by its number."""
    root = tmp_path_factory.mktemp("planted")
    (root / "telemetry").mkdir()
    for number, (lines, _) in enumerate(PLANTED):
        (root / "telemetry" / f"planted_{number}.py").write_text(lines)
    found = effects(*(f"telemetry.planted_{number}" for number in range(len(PLANTED))), root=root)
    return [found.get(f"telemetry.planted_{number}", []) for number in range(len(PLANTED))]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "effect"), [(number, effect) for number, (_, effect) in enumerate(PLANTED)]
)
def test_effect_is_found(planted, number, effect):
    assert any(one.startswith(effect) for one in planted[number]), planted[number]


@pytest.mark.slow
def test_effect_of_a_module_below_a_package_is_found(tmp_path):
    below = tmp_path / "telemetry" / "inner"
    below.mkdir(parents=True)
    for file in (below.parent / "__init__.py", below / "__init__.py"):
        file.touch()
    (below / "planted.py").write_text(PLANTED[2][0])
    above = tmp_path / "service"
    above.mkdir()
    (above / "planted.py").write_text(PLANTED[8][0])

    found = effects(
        "telemetry", "telemetry.inner", "telemetry.inner.planted", "service.planted", root=tmp_path
    )

    assert found.pop("service.planted")[0].startswith("default registry: ")
    assert found == {"telemetry.inner.planted": ["socket.__new__ at telemetry/inner/planted.py:2"]}
