"""Who is trusted: networks, mapped addresses and Unix sockets; one setting, read in one place."""

import pytest

from telemetry.config import SettingError, TelemetryConfig
from tests.telemetry.requests.forwarding import CLIENT, client_of, parse

FORWARDED = {"X-Forwarded-For": CLIENT}

TRUSTED = [
    ("127.0.0.1", "127.0.0.1/32"),
    ("127.0.0.1", "127.0.0.1"),
    ("::ffff:127.0.0.1", "127.0.0.0/8"),
    ("::FFFF:127.0.0.1", "127.0.0.0/8"),
    ("::ffff:7f00:1", "127.0.0.1"),
    ("127.0.0.1", "::ffff:127.0.0.0/104"),
    ("::ffff:127.0.0.1", "::ffff:127.0.0.1"),
    ("::ffff:127.0.0.1", "::ffff:127.0.0.1/128"),
    ("10.1.2.3", "::ffff:10.0.0.0/104, ::1"),
    ("::1", "::1/128"),
    ("0:0:0:0:0:0:0:1", "::1"),
    ("2001:DB8::1", "2001:db8::/32"),
    ("fe80::1%eth0", "fe80::/10"),
    ("172.16.9.9", "10.0.0.0/8,172.16.0.0/12 , 192.168.0.0/16,"),
    ("192.0.2.1", "0.0.0.0/0"),
    ("2001:db8::1", "::/0"),
    ("", "unix"),
    (None, "unix"),
    (None, "UNIX"),
    ("", "10.0.0.0/8, unix"),
    ("", "unix,::1"),
    ("10.0.0.1", "unix, 10.0.0.1"),
]

NOT_TRUSTED = [
    ("192.0.2.1", ""),
    ("192.0.2.1", "10.0.0.0/8"),
    ("::ffff:192.0.2.1", "10.0.0.0/8"),
    ("127.0.0.1", "::1"),
    ("::1", "127.0.0.1"),
    ("192.0.2.1", "::/0"),
    ("::ffff:192.0.2.1", "::/0"),
    ("2001:db8::1", "0.0.0.0/0"),
    ("192.0.2.1", "unix"),
    ("::1", "unix"),
    ("", "10.0.0.0/8"),
    ("", ""),
    (None, "0.0.0.0/0, ::/0"),
    ("peer.example", "0.0.0.0/0, ::/0, unix"),
    ("127.0.0.1.example", "127.0.0.0/8"),
]


@pytest.mark.parametrize(("peer", "trusted"), TRUSTED)
def test_headers_of_a_trusted_peer_count(peer, trusted):
    assert client_of(FORWARDED, peer=peer, trusted=trusted) == CLIENT


@pytest.mark.parametrize(("peer", "trusted"), NOT_TRUSTED)
def test_headers_of_any_other_peer_do_not_count(peer, trusted):
    record, environ = parse(FORWARDED, peer=peer, trusted=trusted)
    known = (peer or "unix").replace("::ffff:", "")
    assert (record.client_address, record.peer_address) == (known, known)
    assert environ["REMOTE_ADDR"] == known


@pytest.mark.parametrize(
    ("header", "trusted", "client"),
    [
        # nginx writes this of a peer on a Unix socket.
        ("203.0.113.7, unix:", "unix", CLIENT),
        ("203.0.113.7, unix:, 10.0.0.2", "unix, 10.0.0.0/8", CLIENT),
        ("203.0.113.7, unix:", "10.0.0.0/8", "unix"),
        ("", "unix", "unix"),
        ("unix:", "unix", "unix"),
        ("unknown", "unix", "unix"),
    ],
)
def test_unix_socket_may_be_a_hop(header, trusted, client):
    peer = "" if "unix" in trusted else "10.0.0.1"
    expected = "10.0.0.1" if peer and client == "unix" else client
    assert client_of({"X-Forwarded-For": header}, peer=peer, trusted=trusted) == expected


def test_address_of_the_peer_stays_beside_that_of_the_client():
    record, environ = parse(FORWARDED, peer="::ffff:10.0.0.1")
    assert (record.client_address, record.peer_address) == (CLIENT, "10.0.0.1")
    assert environ["REMOTE_ADDR"] == CLIENT
    assert "REMOTE_PORT" not in environ


def test_port_of_a_peer_that_is_the_client_stays():
    _, environ = parse({}, peer="::ffff:192.0.2.1")
    assert (environ["REMOTE_ADDR"], environ["REMOTE_PORT"]) == ("192.0.2.1", "40000")


@pytest.mark.parametrize("value", ["*", "proxy", "10.0.0.1/8", "unix:", "10.0.0.0/33", "[::1]"])
def test_member_that_cannot_be_read_is_one_line_that_names_the_setting(value):
    with pytest.raises(SettingError) as raised:
        TelemetryConfig.from_env({"TELEMETRY_TRUSTED_PROXIES": f"::1, {value}"})
    assert str(raised.value).startswith(
        f"TELEMETRY_TRUSTED_PROXIES='::1, {value}': should be a comma-separated list of networks "
        "such as 10.0.0.0/8 ("
    )


def test_list_of_gunicorn_has_no_effect_and_is_reported():
    config = TelemetryConfig.from_env({"FORWARDED_ALLOW_IPS": "*"})
    assert config.trusted_proxies == ()
    assert config.notices == (
        "FORWARDED_ALLOW_IPS has no effect: TELEMETRY_TRUSTED_PROXIES names the proxies whose "
        "headers count",
    )
