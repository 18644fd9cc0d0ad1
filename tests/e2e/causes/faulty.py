"""The app of the causes with a telemetry whose own parts fail, each in the way that the variable
``FAULT`` names.

What runs in a thread of its own hangs for ever; what runs on the hub's thread is slow instead,
because nothing can take that thread from it.
"""

import os

import gevent
from gevent import monkey

from telemetry.flight_recorder.camera import Camera
from telemetry.hub.monitor import HubMonitor
from telemetry.hub.sampler import HubSampler
from telemetry.mongo import MongoTelemetry, server_poller
from telemetry.mongo.explainer import Explainer
from telemetry.phases.ready import Ready
from tests.e2e.causes.app import app, shop, telemetry

__all__ = ["app"]

SLOW_SECONDS = 0.02
native_sleep = monkey.get_original("time", "sleep")


def fail():
    raise RuntimeError("planted")


def be_slow():
    native_sleep(SLOW_SECONDS)


def hang():
    native_sleep(1e6)


def do_nothing():
    pass


def wait_for_ever():
    gevent.sleep(1e6)


def before(do, function):
    """The function, with something that comes before it."""

    def changed(*args, **kwargs):
        do()
        return function(*args, **kwargs)

    return changed


def plant(owner, name, do):
    """Let a part do something before its work."""
    setattr(owner, name, before(do, getattr(owner, name)))


FAULTS = {
    "raises": {"sink": fail, "thread": fail, "greenlet": fail, "hub": fail, "wait": fail},
    "is_slow": {
        **dict.fromkeys(("sink", "thread", "greenlet", "hub"), be_slow),
        "wait": do_nothing,
    },
    "hangs": {
        "sink": be_slow,
        "thread": hang,
        "greenlet": wait_for_ever,
        "hub": be_slow,
        "wait": do_nothing,
    },
}
"""What a part does, by where it runs; each wait of a request would only hold the hub."""


def plant_everywhere(how):
    """Let every part fail."""
    telemetry.recorder.add_sink("planted", lambda _: how["sink"]())
    telemetry.recorder.add_record_sink("planted", lambda _: how["sink"]())
    plant(HubSampler, "_evaluate", how["thread"])
    plant(server_poller, "check_server", how["greenlet"])
    plant(Camera, "take", how["thread"])
    plant(MongoTelemetry, "pool_rows", how["thread"])  # of /debug/pool
    plant(Explainer, "_answer", how["greenlet"])
    plant(HubMonitor, "on_long_run", how["hub"])
    plant(HubMonitor, "on_long_wait", how["hub"])
    plant(Ready, "of_result", how["wait"])


telemetry.watch_mongo(shop.client)
if "FAULT" in os.environ:
    plant_everywhere(FAULTS[os.environ["FAULT"]])
