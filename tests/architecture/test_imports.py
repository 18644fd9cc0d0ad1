"""Importing a module does nothing: no environment read, no registration, no socket, no thread, no global client."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, modules

ENTRIES = {
    "service.wsgi": "the one entry: patches, reads the environment and builds the service",
    "service.gunicorn_conf": "a configuration that gunicorn executes",
    "bench.apps": "an entry like it, for the apps that are measured",
    "stack.load": "a file that locust executes; importing locust patches the process",
}


def effects(*names: str, root: Path = ROOT) -> dict[str, list[str]]:
    command = [sys.executable, str(ROOT / "tests" / "architecture" / "probe.py"), *names]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


def test_no_import_has_an_effect():
    assert effects(*(module for module in modules() if module not in ENTRIES)) == {}


@pytest.mark.parametrize(
    ("lines", "effect"),
    [
        ("import os\nhome = os.environ.get('HOME')", "reads HOME of the environment at telemetry/planted.py:2"),
        ("import os\nhome = os.getenv('HOME')", "reads HOME of the environment at telemetry/planted.py:2"),
        ("import socket\nlistener = socket.socket()", "socket.__new__ at telemetry/planted.py:2"),
        ("import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()", "threads: 1 -> 2"),
        ("import gevent\ngevent.spawn(print)", "hub: False -> True"),
        ("import pymongo\nclient = pymongo.MongoClient()", "threads: 1 -> "),
        ("import subprocess\nsubprocess.run(['true'])", "subprocess.Popen at telemetry/planted.py:2"),
        ("import signal\nsignal.signal(signal.SIGUSR1, signal.SIG_IGN)", "signals: "),
        ("import prometheus_client\nprometheus_client.Counter('planted', 'x')", "default registry: "),
        ("import logging\nlogging.basicConfig()", "log handlers: 0 -> 1"),
        ("from telemetry import nowhere", "cannot be imported alone: ImportError"),
    ],
)
def test_an_effect_is_seen(tmp_path, lines, effect):
    (tmp_path / "telemetry").mkdir()
    (tmp_path / "telemetry" / "planted.py").write_text(lines)

    found = effects("telemetry.planted", root=tmp_path)["telemetry.planted"]

    assert any(one.startswith(effect) for one in found), found
