"""200 slow clients of four sorts: each is ended in time, and others are answered meanwhile."""

import pytest

from bench.slow_clients import APP, SLOW_CLIENTS, SORTS, SlowClients
from tests.support.polling import wait_until
from tests.support.processes import gunicorn

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

BOUNDS = {
    "REQUEST_HEAD_SECONDS": 3,
    "CLIENT_STALL_SECONDS": 3,
    "KEEPALIVE_SECONDS": 3,
    "CONNECTIONS_PER_ADDRESS": 1000,
}


def test_all_slow_clients_are_ended_and_others_are_answered():
    with gunicorn(app=APP, **BOUNDS) as server:
        wait_until(lambda: server.get("/hello").status == 200, what="a response")
        slow = SlowClients(server.port, reconnect=False)
        slow.start()
        others = set()

        def all_ended():
            others.add(server.get("/hello").status)
            return sum(map(len, slow.lifetimes.values())) == SLOW_CLIENTS

        try:
            wait_until(all_ended, what="the end of every slow client")
        finally:
            slow.stop()
        server.process.terminate()
        code = server.exit_code()
        other_lines = [line for line in server.text.splitlines() if not line.startswith("{")]

    assert {sort: len(ended) for sort, ended in slow.lifetimes.items()} == dict.fromkeys(
        SORTS, SLOW_CLIENTS // len(SORTS)
    )
    assert slow.responses == {"408": SLOW_CLIENTS // 2}
    assert (others, code) == ({200}, 0)
    assert other_lines == []
