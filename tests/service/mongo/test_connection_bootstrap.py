"""The first connection to MongoDB: exact waits, its health, and a database that starts late."""

import time

import gevent
import pytest
from gevent.event import AsyncResult
from pymongo.errors import OperationFailure

from service.mongo.connection import connect
from service.mongo.connection_bootstrap import ConnectionBootstrap
from service.mongo.settings import MongoSettings
from telemetry import HealthEvidence
from telemetry.guard import Guard
from telemetry.mongo.server_poller import ServerPoller
from tests.machine import PATIENCE_SECONDS, Slowness
from tests.support.polling import wait_until
from tests.support.ports import free_port


def quick(uri: str) -> MongoSettings:
    """Return settings with which attempts fail at once."""
    return MongoSettings.from_env(
        {"MONGODB_URI": uri, "MONGODB_SERVER_SELECTION_TIMEOUT_SECONDS": "0.05"}
    )


class Sleeper:
    """Records each sleep and the health during it; ends the test at the last one."""

    def __init__(self, sleeps: int) -> None:
        self.mongo = None
        self.sleeps: list[float] = []
        self.reasons: list[str] = []
        self._last = sleeps

    def __call__(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.reasons.append(self.mongo.evidence().reason)
        if len(self.sleeps) == self._last:
            raise gevent.GreenletExit


@pytest.fixture
def closed_port():
    return free_port()


@pytest.mark.slow
def test_closed_port_is_tried_after_5_10_20_40_and_80_seconds_and_then_every_5(closed_port):
    sleeper = Sleeper(sleeps=8)
    sleeper.mongo = mongo = connect(quick(f"mongodb://127.0.0.1:{closed_port}"), sleep=sleeper)
    before = mongo.evidence()

    mongo.start()
    mongo._greenlet.join()

    assert before == HealthEvidence(
        healthy=False, reason="connecting to MongoDB, not begun", details={"attempts": 0}
    )
    assert sleeper.sleeps == [5.0, 10.0, 20.0, 40.0, 80.0, 5.0, 5.0, 5.0]
    still_trying = (
        "MongoDB was not reached in 6 attempts, still trying: ServerSelectionTimeoutError, "
        "next in 5 s"
    )
    assert sleeper.reasons == [
        "connecting to MongoDB, attempt 1 of 6: ServerSelectionTimeoutError, next in 5 s",
        "connecting to MongoDB, attempt 2 of 6: ServerSelectionTimeoutError, next in 10 s",
        "connecting to MongoDB, attempt 3 of 6: ServerSelectionTimeoutError, next in 20 s",
        "connecting to MongoDB, attempt 4 of 6: ServerSelectionTimeoutError, next in 40 s",
        "connecting to MongoDB, attempt 5 of 6: ServerSelectionTimeoutError, next in 80 s",
        *[still_trying] * 3,
    ]
    mongo.close()


def test_database_that_starts_after_the_last_retry_is_set_up(own_mongodb):
    own_mongodb.stop()
    sleeps: list[float] = []

    def sleep(seconds: float) -> None:
        sleeps.append(seconds)
        if len(sleeps) == 6:
            own_mongodb.start()

    mongo = connect(quick(f"{own_mongodb.uri}/late"), sleep=sleep)
    created: list[bool] = []
    mongo.on_connect(lambda: created.append(True))
    mongo.start()
    mongo._greenlet.join(timeout=60)

    assert sleeps[:6] == [5.0, 10.0, 20.0, 40.0, 80.0, 5.0]
    assert set(sleeps[6:]) <= {5.0}
    assert mongo.evidence() == HealthEvidence(healthy=True, details={"attempts": len(sleeps) + 1})
    assert created == [True]
    mongo.close()


def test_database_that_answers_a_check_is_connected_to_without_the_rest_of_the_wait(own_mongodb):
    own_mongodb.stop()
    interval_seconds = 1.0
    poller = ServerPoller(interval_seconds, Guard(strict=True, on_error=pytest.fail))
    mongo = connect(quick(f"{own_mongodb.uri}/early"))  # with the real waits of 5 to 80 s
    bootstrap = mongo._bootstrap
    poller.on_check.append(
        lambda: mongo.try_now() if poller.last_check and poller.last_check.up else None
    )
    poller.start(mongo.client)
    mongo.start()
    try:
        wait_until(lambda: "next in" in bootstrap.evidence().reason)
        own_mongodb.start()
        with Slowness() as machine:
            began = time.monotonic()
            wait_until(lambda: bootstrap.evidence().healthy)
            took_seconds = time.monotonic() - began - machine.seconds
    finally:
        poller.stop()
        mongo.close()
    assert bootstrap.evidence().details == {"attempts": 2}
    assert took_seconds < 2 * interval_seconds + 1  # without the check it would be five seconds


def test_answer_of_a_check_is_used_for_one_attempt():
    attempts: list[float] = []

    def refuse() -> None:
        attempts.append(time.monotonic())
        raise OperationFailure("not allowed to create indexes")

    bootstrap = ConnectionBootstrap(refuse)
    greenlet = gevent.spawn(bootstrap.run)
    wait_until(lambda: len(attempts) == 1)
    bootstrap.try_now()
    wait_until(lambda: len(attempts) == 2)
    gevent.sleep(0.1)
    greenlet.kill()
    assert len(attempts) == 2


def test_attempt_in_progress_is_reported():
    connected = AsyncResult()
    bootstrap = ConnectionBootstrap(lambda: connected.get(timeout=PATIENCE_SECONDS))
    greenlet = gevent.spawn(bootstrap.run)
    gevent.sleep(0)

    assert bootstrap.evidence() == HealthEvidence(
        healthy=False, reason="connecting to MongoDB, attempt 1 of 6", details={"attempts": 1}
    )
    connected.set(None)
    greenlet.join()
    assert bootstrap.evidence() == HealthEvidence(healthy=True, details={"attempts": 1})


def test_time_until_the_next_attempt_is_reported():
    now = [100.0]
    reasons: list[str] = []

    def sleep(seconds: float) -> None:
        for part in (0.0, 0.4, 1.0):
            now[0] = 100.0 + seconds * part
            reasons.append(bootstrap.evidence().reason.partition(", next ")[2])
        raise gevent.GreenletExit

    mongo = connect(quick(f"mongodb://127.0.0.1:{free_port()}"))
    bootstrap = ConnectionBootstrap(mongo.set_up, sleep=sleep, monotonic=lambda: now[0])
    gevent.spawn(bootstrap.run).join()

    assert reasons == ["in 5 s", "in 3 s", "in 0 s"]
    mongo.close()


def test_close_ends_the_attempts(closed_port):
    mongo = connect(quick(f"mongodb://127.0.0.1:{closed_port}"))
    mongo.start()
    gevent.sleep(0.2)
    mongo.close()
    assert mongo._greenlet.dead
