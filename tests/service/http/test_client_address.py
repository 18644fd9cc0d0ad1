"""Rate limits, lockouts and log lines know a client by one address, however it is spelled."""

from collections.abc import Iterator

import pytest

from service.bootstrap import Service, build
from service.settings import telemetry_config
from telemetry import Telemetry
from tests.service.clients import ClosingClient, wait_until_ready
from tests.service.members import AUTH

CLIENT = "203.0.113.7"
SPELLINGS = (
    {"X-Forwarded-For": "203.0.113.7"},
    {"X-Forwarded-For": "203.0.113.7:51234"},
    {"X-Forwarded-For": '"203.0.113.7"'},
    {"X-Forwarded-For": "203.0.113.7,"},
    {"X-Forwarded-For": "[::ffff:203.0.113.7]:443"},
    {"X-Forwarded-For": "198.51.100.1, 203.0.113.7:1, 127.0.0.9:443"},
    {"X-Forwarded-For": "203.0.113.7, [::ffff:127.0.0.9]:443"},
    {"Forwarded": 'for="203.0.113.7:51234";proto=https'},
    {"Forwarded": 'for="x, for=203.0.113.7, for=127.0.0.9'},
)
PEERS = ("127.0.0.1", "::ffff:127.0.0.1", "")


@pytest.fixture
def service(environ: dict[str, str]) -> Iterator[Service]:
    """The whole service behind trusted proxies, without exempt networks."""
    telemetry = Telemetry(
        telemetry_config(
            {
                "TELEMETRY_STRICT": "true",
                "OTEL_TRACES_SAMPLER": "always_off",
                "TELEMETRY_TRUSTED_PROXIES": "127.0.0.0/8, unix",
            }
        )
    )
    settings = {
        "RATE_LIMIT_EXEMPT_NETWORKS": "",
        "LOGIN_GUESSES_PER_ADDRESS": "3",
        "LOGIN_GUESSES_PER_ACCOUNT": "100",
        "LOGIN_FIRST_LOCKOUT_SECONDS": "120",
        "RATE_LIMIT_LOGIN": "1000/minute",
        "RATE_LIMIT_READ": "1000/minute",
    }
    service = build(environ | settings, telemetry=telemetry)
    service.app.test_client_class = ClosingClient
    service.mongo.set_up()
    telemetry.lifecycle.ready()
    yield service
    service.mongo.client.drop_database(service.mongo.database.name)
    service.mongo.close()
    telemetry.shutdown()


@pytest.mark.parametrize("peer", PEERS)
def test_every_spelling_of_an_address_is_counted_as_one_client(service, peer):
    client = service.app.test_client()
    outside = {"environ_overrides": {"REMOTE_ADDR": peer}}
    remaining = [
        int(client.get("/", headers=headers, **outside).headers["RateLimit-Remaining"])
        for headers in SPELLINGS
    ]
    assert remaining == list(range(999, 999 - len(SPELLINGS), -1))
    other = client.get("/", headers={"X-Forwarded-For": "198.51.100.1:1"}, **outside)
    assert other.headers["RateLimit-Remaining"] == "999"


def test_every_spelling_of_an_address_is_locked_out_as_one_client(service):
    wait_until_ready(service)
    client = service.app.test_client()

    def attempt(number: int, headers: dict[str, str]) -> int:
        body = {"email": f"nobody-{number}@serene-mail.com", "password": "wrong-password"}
        return client.post(f"{AUTH}/login", json=body, headers=headers).status_code

    statuses = [attempt(number, headers) for number, headers in enumerate(SPELLINGS)]
    assert statuses == [401] * 3 + [429] * (len(SPELLINGS) - 3)
    assert attempt(99, {"X-Forwarded-For": "198.51.100.1:51234"}) == 401


def test_client_of_ipv6_cannot_evade_a_lockout_by_another_address_of_its_own(service):
    wait_until_ready(service)
    client = service.app.test_client()

    def attempt(number: int, address: str) -> int:
        body = {"email": f"nobody-{number}@serene-mail.com", "password": "wrong-password"}
        headers = {"X-Forwarded-For": address}
        return client.post(f"{AUTH}/login", json=body, headers=headers).status_code

    own = [attempt(number, f"[2001:db8:1:2::{number}]:443") for number in range(5)]
    assert own == [401, 401, 401, 429, 429]
    assert attempt(99, "2001:db8:1:3::1") == 401


def test_links_have_the_prefix_of_a_trusted_proxy_only(service):
    client = service.app.test_client()
    headers = {"X-Forwarded-Prefix": "/calm", "X-Forwarded-Host": "calm.example"}

    def links(peer: str) -> set[str]:
        response = client.get("/", headers=headers, environ_overrides={"REMOTE_ADDR": peer})
        return set(response.get_json()["links"].values())

    own = links("198.51.100.1")
    assert own
    assert all(link.startswith("/api/v1/") for link in own)
    assert links("127.0.0.1") == {f"/calm{link}" for link in own}
