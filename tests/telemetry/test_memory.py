"""What a service does not use, it does not carry in its memory."""

import subprocess
import sys

import pytest

from tests.architecture.sources import ROOT

UNWANTED = {
    "asyncio",
    "bson",
    "concurrent.futures",
    "google",
    "grpc",
    "importlib.metadata",
    "multiprocessing",
    "opentelemetry.exporter",
    "opentelemetry.instrumentation",
    "opentelemetry.proto",
    "opentelemetry.sdk",
    "packaging",
    "pkg_resources",
    "pydantic",
    "pydantic_core",
    "pymongo",
    "requests",
    "sqlite3",
    "unittest",
    "urllib3",
    "wrapt",
    "xml",
    "yaml",
}
"""Packages and modules that cost memory and serve no request; what a bare worker has is not new."""

PROGRAM = """
from gevent import monkey
monkey.patch_all()
import sys
import flask
import gunicorn.glogging
import gunicorn.workers.ggevent
before = set(sys.modules)
import telemetry.gunicorn
import telemetry.runtime
for name in telemetry.gunicorn.__all__:
    getattr(telemetry.gunicorn, name)
observed = telemetry.runtime.Telemetry.from_env({})
observed.init_app(flask.Flask("bare"))
USE
print("\\n".join(set(sys.modules) - before))
"""


def loaded(use=""):
    """Return the unwanted of what the layer loads beside Flask and gunicorn."""
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM.replace("USE", use)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    names = set(ended.stdout.split())
    return {one for one in UNWANTED if any(f"{name}.".startswith(f"{one}.") for name in names)}


def test_the_layer_loads_neither_the_sdk_nor_what_only_mongodb_needs():
    assert loaded() == set()


@pytest.mark.parametrize("use", ["observed.mongo_listeners()", "observed.watch_mongo(None)"])
def test_mongodb_is_loaded_where_it_is_asked_for(use):
    assert {"bson", "pymongo"} <= loaded(use)
