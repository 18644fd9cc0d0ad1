"""Members who do all day what faults break: read, book and pay, and write to the companion.

Beside demo traffic, in which a payment is rare: with windows of seconds an alert needs several of
each in one. Nothing here fails; a fault's own alert is what notices.
"""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import gevent
import requests
from gevent.event import Event

from tests.e2e.accounts import API, new_credentials

READERS = 2
PAYERS = 3
TALKERS = 6
PAUSE_SECONDS = 0.7
TIMEOUT_SECONDS = 70.0


class Stopped(Exception):
    """No further request is wanted."""


class Person:
    """One client with an account.

    Args:
        url: Of the service, without path.
        stopped: When it is set, the request in flight is the last one.
    """

    def __init__(self, url: str, stopped: Event) -> None:
        self._url = url
        self._stopped = stopped
        self._session = requests.Session()
        self._session.trust_env = False

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def log_in(self) -> None:
        """Register, and log in."""
        credentials = new_credentials()
        self.send("POST", "/auth/register", json=credentials | {"name": "Ada"})
        tokens = self.send("POST", "/auth/login", json=credentials).json()
        self._session.headers["Authorization"] = f"Bearer {tokens['access_token']}"

    def read(self) -> None:
        """Read a page of the blog."""
        self.send("GET", "/blog/posts?limit=5")

    def pay(self) -> None:
        """Book a session, pay it however often that takes, and cancel it."""
        session = self.book()
        key = {"Idempotency-Key": str(uuid.uuid4())}
        paid = {"payment_method": "pm_card_visa"}
        while True:
            # As its client should: the same key until the outcome is known.
            response = self.send("POST", f"/sessions/{session}/payment", json=paid, headers=key)
            if response.status_code < 500:
                break
            self.pause()
        key = {"Idempotency-Key": str(uuid.uuid4())}
        self.send("POST", f"/sessions/{session}/cancellation", headers=key)

    def talk(self) -> None:
        """Write to the companion, and read its reply."""
        self.send("POST", "/companion/messages", json={"message": "I slept badly again."})

    def pause(self) -> None:
        """Wait as people do between two requests."""
        self._stopped.wait(PAUSE_SECONDS)

    def send(self, method: str, path: str, **options: Any) -> requests.Response:
        """Send one request. Raises: Stopped."""
        if self._stopped.is_set():
            raise Stopped
        return self._session.request(
            method, f"{self._url}{API}{path}", timeout=TIMEOUT_SECONDS, **options
        )

    def book(self) -> str:
        """Reserve a slot that is free, and return the session's id."""
        while True:
            therapists = self.send("GET", "/therapists").json()["therapists"]
            for therapist in therapists:
                slots = self.send("GET", f"/therapists/{therapist['id']}/slots").json()["slots"]
                for slot in slots[uuid.uuid4().int % 7 :: 7]:
                    body = {"therapist_id": therapist["id"], "starts_at": slot["starts_at"]}
                    response = self.send("POST", "/sessions", json=body)
                    if response.status_code == 201:
                        return str(response.json()["id"])


def _live(person: Person, act: Callable[[], None]) -> None:
    """Act again and again until stopped; whatever fails is what a fault is for."""
    logged_in = False
    with suppress(Stopped):
        while True:
            with suppress(requests.RequestException, ValueError, KeyError):
                if not logged_in:
                    person.log_in()
                    logged_in = True
                act()
            person.pause()


def booked_session(url: str) -> str:
    """Book a session as a new member, and return its id.

    Args:
        url: Of the service, without path.
    """
    person = Person(url, Event())
    try:
        person.log_in()
        return person.book()
    finally:
        person.close()


@contextmanager
def busy_members(url: str) -> Iterator[None]:
    """Let them live within the block.

    Args:
        url: Of the service, without path.
    """
    stopped = Event()
    people = [Person(url, stopped) for _ in range(READERS + PAYERS + TALKERS)]
    acts = [
        *(person.read for person in people[:READERS]),
        *(person.pay for person in people[READERS : READERS + PAYERS]),
        *(person.talk for person in people[READERS + PAYERS :]),
    ]
    greenlets = [gevent.spawn(_live, *one) for one in zip(people, acts, strict=True)]
    try:
        yield
    finally:
        # Not killed: one that is killed while it connects leaves its socket open.
        stopped.set()
        gevent.joinall(greenlets, timeout=2 * TIMEOUT_SECONDS)
        for person in people:
            person.close()
