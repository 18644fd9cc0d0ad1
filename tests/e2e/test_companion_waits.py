"""Calls to a hanging model hold no database connection and delay no other request."""

import statistics
import time

import gevent
import pytest
import requests

from tests.e2e.accounts import new_member
from tests.e2e.load import Load, count_outcomes
from tests.e2e.polling import poll
from tests.support.polling import TIMEOUT_SECONDS

pytestmark = pytest.mark.e2e

CALLS = 100
HANG_SECONDS = 45
"""Long enough for a slow machine to have all calls in flight during a window."""
WINDOW_SECONDS = 12
MOST_RATIO = 1.2
ROUNDS = 4
"""Other load on the machine makes some rounds worse and none better."""
PATHS = ["/api/v1/blog/posts?limit=5", "/api/v1/blog/posts/{slug}"]
# As many connections as readers: if a hanging call held one, a reader would wait at once.
SETTINGS = {"MONGODB_MAX_POOL_SIZE": "4"} | {
    # Nothing times out: a hundred responses arrive at once, and each is stored.
    f"{what}_TIMEOUT_SECONDS": "300"
    for what in ("COMPANION_FIRST_BYTE", "COMPANION_ANSWER", "MONGODB_SOCKET", "MONGODB_WAIT_QUEUE")
}


def p99(results) -> float:
    return statistics.quantiles([result.seconds for result in results], n=100)[98]


def read_for(service, paths, seconds):
    with Load(service.url, paths, clients=4, pause_seconds=0.01) as load:
        gevent.sleep(seconds)
    assert set(count_outcomes(load.results)) == {200}
    return load.results


class Companion:
    """A service whose model waits before its first byte, and one member of it.

    Args:
        service: In front of ``stack``'s backends.
        stack: With the database and the model.
    """

    def __init__(self, service, stack):
        self._url = f"{service.url}/api/v1/companion/messages"
        self._model = stack.url("model").removesuffix("/v1")
        self._headers = new_member(service.url).headers

    def hang(self):
        """Delay the model's first byte by ``HANG_SECONDS`` from now on."""
        requests.put(
            f"{self._model}/behaviour",
            json={"first_byte_seconds": HANG_SECONDS},
            timeout=TIMEOUT_SECONDS,
        ).raise_for_status()

    def send_message(self):
        """Send a message; returns the status and the duration in seconds."""
        began = time.monotonic()
        message = {"message": "Good evening"}
        response = requests.post(self._url, json=message, headers=self._headers, timeout=300)
        return response.status_code, time.monotonic() - began

    def calls_at_model(self):
        """Return the number of calls in flight at the model."""
        report = requests.get(f"{self._model}/requests", timeout=TIMEOUT_SECONDS).json()
        return report["in_flight"]


def ratio_of_one_round(service, companion, paths):
    """Return the readers' p99 during ``CALLS`` hanging calls, divided by that without them."""
    before = p99(read_for(service, paths, WINDOW_SECONDS))
    calls = [gevent.spawn(companion.send_message) for _ in range(CALLS)]
    poll(lambda: companion.calls_at_model() == CALLS, what=f"{CALLS} calls at the model")
    during = p99(read_for(service, paths, WINDOW_SECONDS))
    assert companion.calls_at_model() == CALLS, "every call hangs for the whole window"
    scrape = service.scrape()
    assert scrape.value("serene_companion_calls") == CALLS
    assert scrape.total("db_client_connection_count", db_client_connection_state="used") == 0
    results = [call.get() for call in calls]
    assert {status for status, _ in results} == {200}
    assert min(seconds for _, seconds in results) >= HANG_SECONDS
    after = p99(read_for(service, paths, WINDOW_SECONDS))
    return during / statistics.mean((before, after))


# Four rounds on a slow machine.
@pytest.mark.timeout(1200)
def test_hundred_hanging_calls_hold_no_connection_and_delay_no_reader(own_stack, serve):
    for name in ("mongodb", "model"):
        own_stack.start(name)
        own_stack.wait_ready(name)
    own_stack.seed("service")
    service = serve(own_stack, SETTINGS)
    companion = Companion(service, own_stack)
    posts = requests.get(f"{service.url}/api/v1/blog/posts", timeout=TIMEOUT_SECONDS).json()
    paths = [path.format(slug=posts["posts"][0]["slug"]) for path in PATHS]
    read_for(service, paths, 3)  # connections are open, caches are warm
    companion.hang()

    ratios = []
    for _ in range(ROUNDS):
        ratios.append(ratio_of_one_round(service, companion, paths))
        if ratios[-1] <= MOST_RATIO:
            break
    assert min(ratios) <= MOST_RATIO, ratios
