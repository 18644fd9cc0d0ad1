"""Which greenlets inherit the request of their spawner."""

import subprocess
import sys
from contextvars import ContextVar, copy_context

import gevent
import pytest
from gevent.pool import Pool

from telemetry.requests import inheritance

CURRENT: ContextVar[str] = ContextVar("current", default="nothing")


@pytest.fixture(autouse=True)
def _installed():
    inheritance.install()
    yield
    inheritance.uninstall()


def in_request(name, work):
    """Run ``work`` in a context with its own request; returns its result."""

    def run():
        CURRENT.set(name)
        return work()

    return copy_context().run(run)


def test_spawned_greenlets_inherit_the_request_of_their_spawner():
    def work():
        spawned = [
            gevent.spawn(CURRENT.get),
            gevent.spawn_later(0.001, CURRENT.get),
            Pool(1).spawn(CURRENT.get),
        ]
        grandchild = gevent.spawn(lambda: gevent.spawn(CURRENT.get).get())
        return [greenlet.get() for greenlet in (*spawned, grandchild)]

    assert in_request("a request", work) == ["a request"] * 4
    assert gevent.spawn(CURRENT.get).get() == "nothing"


def test_a_spawned_greenlet_changes_only_its_own_context():
    def work():
        gevent.spawn(CURRENT.set, "changed by the child").get()
        return CURRENT.get()

    assert in_request("a request", work) == "a request"


def test_a_context_that_was_given_is_kept():
    def work():
        greenlet = gevent.Greenlet(CURRENT.get)
        greenlet.gr_context = in_request("chosen", copy_context)
        greenlet.start()
        return greenlet.get()

    assert in_request("a request", work) == "chosen"


PATCHED_THREAD = """
from gevent import monkey
monkey.patch_all()
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from telemetry.requests import inheritance
inheritance.install()
current = ContextVar("current", default="nothing")
current.set("a request")
seen = []
thread = threading.Thread(target=lambda: seen.append(current.get()))
thread.start()
thread.join()
with ThreadPoolExecutor(1) as executor:
    seen.append(executor.submit(current.get).result())
print(seen)
"""


def test_a_patched_thread_starts_with_an_empty_context():
    """Otherwise it would keep the request that happened to start it for its whole life."""
    process = subprocess.run(
        [sys.executable, "-c", PATCHED_THREAD],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (process.stdout, process.stderr) == ("['nothing', 'nothing']\n", "")


def test_after_uninstall_contexts_are_empty_again():
    inheritance.uninstall()

    assert in_request("a request", lambda: gevent.spawn(CURRENT.get).get()) == "nothing"
