"""A listener never yields within an event, also while another thread scrapes."""

import contextlib

import gevent
import greenlet
import pymongo
from gevent import monkey
from prometheus_client import generate_latest

from telemetry.mongo import PoolSnapshot
from tests.support.polling import wait_until
from tests.telemetry.mongo.pools import RecordingListener, kills_many, read_for_ever

POOL_SIZE = 3


class ScrapingThread:
    """A native thread that scrapes a registry and its pools again and again."""

    def __init__(self, observed):
        self.snapshots, self.wrong = [], []
        self._observed = observed
        self._stopped = False
        self._ended = monkey.get_original("_thread", "allocate_lock")()

    def start(self):
        self._ended.acquire()
        monkey.get_original("_thread", "start_new_thread")(self._run, ())

    def stop(self):
        self._stopped = True
        wait_until(lambda: self._ended.acquire(blocking=False))

    def _run(self):
        while not self._stopped:
            try:
                self._scrape()
            except Exception as error:
                self.wrong.append(error)
        self._ended.release()

    def _scrape(self):
        generate_latest(self._observed.metrics.registry)
        [pool] = self._observed.telemetry.pools() or [PoolSnapshot("", 0, 0, 0, 0)]
        # A reset closes idle ones one after the other, while others are opened already.
        if pool.used + pool.establishing > POOL_SIZE:
            self.wrong.append(pool)
        self.snapshots.append(pool)


@contextlib.contextmanager
def yields_of(recording):
    """Collect the switches away from a greenlet that is inside an event."""
    yielded = []

    def switched(event, arguments):
        if recording.inside is not None and arguments[0] is recording.inside:
            yielded.append(event)

    previous = greenlet.settrace(switched)
    try:
        yield yielded
    finally:
        greenlet.settrace(previous)


@kills_many
def test_no_event_yields_also_while_a_thread_scrapes(observed, own_mongodb):
    [listener, commands] = observed.telemetry.listeners()
    recording, scraping = RecordingListener(listener), ScrapingThread(observed)
    client = pymongo.MongoClient(
        own_mongodb.uri,
        event_listeners=[recording, commands],
        maxPoolSize=POOL_SIZE,
        waitQueueTimeoutMS=300,
        serverSelectionTimeoutMS=300,
    )
    scraping.start()
    try:
        with yields_of(recording) as yielded:
            clients = [gevent.spawn(read_for_ever, client) for _ in range(12)]
            wait_until(
                lambda: (
                    len(scraping.snapshots) > 20
                    and recording.names.count("connection_checked_in") > 20
                )
            )
            gevent.killall(clients[:6])
            # A failure to connect clears no pool: one of a command does.
            wait_until(lambda: observed.pool()[0] > 0)
            own_mongodb.stop()
            gevent.joinall(clients, timeout=0.5)
            gevent.killall(clients)
            client.close()
    finally:
        scraping.stop()
    assert yielded == []
    assert scraping.wrong == []
    assert {
        "pool_cleared",
        "pool_ready",
        "pool_closed",
        "connection_closed",
        "connection_checked_in",
    } <= set(recording.names)
