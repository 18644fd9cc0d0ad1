"""A model that hangs holds nobody else up: no database connection, no other request."""

import statistics
import time

import gevent
import pytest
import requests

from tests.e2e.load import Load, outcomes
from tests.e2e.members import new_member
from tests.e2e.observing import wait_for
from tests.machine import PATIENCE_SECONDS

pytestmark = pytest.mark.e2e

CALLS = 100
HANG_SECONDS = 45
"""As long as a slow machine needs until all are under way, and a window."""
WINDOW_SECONDS = 12
MOST_RATIO = 1.2
ROUNDS = 4
"""A neighbour on the machine makes some rounds worse, and none better."""
PATHS = ["/api/v1/blog/posts?limit=5", "/api/v1/blog/posts/{slug}"]
# As many connections as there are readers: one that a waiting call held would be missed at once.
SETTINGS = {"MONGODB_MAX_POOL_SIZE": "4"} | {
    # Nobody is given up: a hundred answers come at once, and each is kept.
    f"{what}_TIMEOUT_SECONDS": "300"
    for what in ("COMPANION_FIRST_BYTE", "COMPANION_ANSWER", "MONGODB_SOCKET", "MONGODB_WAIT_QUEUE")
}


def p99(answers) -> float:
    return statistics.quantiles([answer.seconds for answer in answers], n=100)[98]


def read_for(service, paths, seconds):
    with Load(service.url, paths, clients=4, pause_seconds=0.01) as load:
        gevent.sleep(seconds)
    assert set(outcomes(load.answers)) == {200}
    return load.answers


# Four rounds on a slow machine.
@pytest.mark.timeout(1200)
def test_a_hundred_calls_that_hang_hold_no_connection_and_no_reader_up(own_stack, serve):
    for name in ("mongodb", "model"):
        own_stack.start(name)
        own_stack.wait_ready(name)
    own_stack.seed("service")
    service = serve(own_stack, SETTINGS)
    member = new_member(service.url)
    model = own_stack.url("model").removesuffix("/v1")
    slug = requests.get(f"{service.url}/api/v1/blog/posts", timeout=PATIENCE_SECONDS).json()[
        "posts"
    ][0]["slug"]
    paths = [path.format(slug=slug) for path in PATHS]
    read_for(service, paths, 3)  # connections are open, caches are warm

    requests.put(
        f"{model}/behaviour", json={"first_byte_seconds": HANG_SECONDS}, timeout=PATIENCE_SECONDS
    ).raise_for_status()

    def talk():
        began = time.monotonic()
        answer = requests.post(
            f"{service.url}/api/v1/companion/messages",
            json={"message": "Good evening"},
            headers=member.headers,
            timeout=300,
        )
        return answer.status_code, time.monotonic() - began

    def under_way():
        return requests.get(f"{model}/requests", timeout=PATIENCE_SECONDS).json()["in_flight"]

    ratios = []
    for _ in range(ROUNDS):
        before = p99(read_for(service, paths, WINDOW_SECONDS))
        calls = [gevent.spawn(talk) for _ in range(CALLS)]
        wait_for(lambda: under_way() == CALLS, PATIENCE_SECONDS, f"{CALLS} calls at the model")
        during = p99(read_for(service, paths, WINDOW_SECONDS))
        assert under_way() == CALLS, "all of them waited for as long as was measured"
        scrape = service.scrape()
        assert scrape.value("serene_companion_calls") == CALLS
        assert scrape.total("db_client_connection_count", db_client_connection_state="used") == 0
        answers = [call.get() for call in calls]
        assert {status for status, _ in answers} == {200}
        assert min(seconds for _, seconds in answers) >= HANG_SECONDS
        after = p99(read_for(service, paths, WINDOW_SECONDS))
        ratios.append(during / statistics.mean((before, after)))
        if ratios[-1] <= MOST_RATIO:
            break
    assert min(ratios) <= MOST_RATIO, ratios
