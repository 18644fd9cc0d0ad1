"""The app of the causes with a telemetry whose own parts fail, each in the way that the variable
``FAULT`` names.

What runs in a thread of its own hangs for ever; what runs on the hub's thread is slow instead,
because nothing can take that thread from it.
"""

import os

import gevent
from gevent import monkey

from telemetry.hub.sampler import HubSampler
from telemetry.mongo import server_poller
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
    "raises": {"sink": fail, "thread": fail, "greenlet": fail, "hub": fail},
    "is_slow": {"sink": be_slow, "thread": be_slow, "greenlet": be_slow, "hub": be_slow},
    "hangs": {"sink": be_slow, "thread": hang, "greenlet": wait_for_ever, "hub": be_slow},
}
"""What a part does, by where it runs."""


def plant_everywhere(how):
    """Let every part fail."""
    telemetry.recorder.add_sink("planted", lambda _: how["sink"]())
    telemetry.recorder.add_record_sink("planted", lambda _: how["sink"]())
    plant(HubSampler, "_evaluate", how["thread"])
    plant(server_poller, "check_server", how["greenlet"])


telemetry.watch_mongo(shop.client)
if "FAULT" in os.environ:
    plant_everywhere(FAULTS[os.environ["FAULT"]])
