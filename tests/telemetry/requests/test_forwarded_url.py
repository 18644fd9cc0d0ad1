"""Scheme, host, port and prefix of the URL that the client used, from trusted proxies only."""

import pytest

from tests.telemetry.requests.forwarding import CLIENT, parse


def url(headers, **options):
    """Return scheme, host and prefix, as the app reads them."""
    record, environ = parse({"X-Forwarded-For": CLIENT} | headers, **options)
    assert record.scheme == environ["wsgi.url_scheme"]
    assert record.host == environ.get("HTTP_HOST", environ["SERVER_NAME"])
    return environ["wsgi.url_scheme"], environ.get("HTTP_HOST", ""), environ["SCRIPT_NAME"]


def forwarded(**values):
    """Return headers: ``Proto="https"`` is ``X-Forwarded-Proto: https``."""
    return {f"X-Forwarded-{name}": value for name, value in values.items()}


SCHEMES = [
    ({"Proto": "https"}, "https"),
    ({"Proto": "http"}, "http"),
    ({"Proto": "HTTPS"}, "https"),
    ({"Proto": " https "}, "https"),
    ({"Proto": '"https"'}, "https"),
    ({"Proto": "wss"}, "https"),
    ({"Proto": "ws"}, "http"),
    ({"Proto": "https,"}, "https"),
    ({"Scheme": "https"}, "https"),
    ({"Protocol": "https"}, "https"),
    ({"Protocol": "ssl"}, "https"),
    ({"Protocol": "http"}, "http"),
    ({"Ssl": "on"}, "https"),
    ({"Ssl": "off"}, "http"),
    ({"Ssl": "On"}, "https"),
    # Several: the first of Proto, Scheme, Protocol, Ssl that names a scheme.
    ({"Proto": "https", "Protocol": "https"}, "https"),
    ({"Proto": "https", "Protocol": "ssl"}, "https"),
    ({"Proto": "https", "Protocol": "http"}, "https"),
    ({"Proto": "http", "Protocol": "https"}, "http"),
    ({"Proto": "https", "Ssl": "off"}, "https"),
    ({"Proto": "http", "Ssl": "on"}, "http"),
    ({"Proto": "https", "Scheme": "http"}, "https"),
    ({"Proto": "https", "Ssl": "on", "Protocol": "ssl", "Scheme": "https"}, "https"),
    ({"Proto": "gopher", "Ssl": "on"}, "https"),
    ({"Proto": "", "Protocol": "ssl"}, "https"),
    # Not a scheme.
    ({"Proto": "gopher"}, "http"),
    ({"Proto": "https://"}, "http"),
    ({"Proto": "javascript"}, "http"),
    ({"Proto": "on"}, "http"),
    ({"Ssl": "https"}, "http"),
    ({"Ssl": "1"}, "http"),
    ({"Proto": "https\x00"}, "http"),
    ({"Port": "443"}, "http"),
    # Lists: what the outermost trusted proxy wrote.
    ({"For": "203.0.113.7, 10.0.0.2", "Proto": "https, http"}, "https"),
    ({"For": "203.0.113.7, 10.0.0.2", "Proto": "http, https, http"}, "https"),
    ({"For": "203.0.113.7, 10.0.0.2", "Proto": "https"}, "https"),
    ({"For": "203.0.113.7", "Proto": "https, http"}, "http"),
    ({"For": "203.0.113.7", "Proto": "http, https"}, "https"),
    ({"For": "unknown", "Proto": "http, https"}, "https"),
    ({"For": "1.2.3.4, 203.0.113.7, 10.0.0.2", "Proto": "http, https, http"}, "https"),
]


@pytest.mark.parametrize(("values", "scheme"), SCHEMES)
def test_scheme_of_the_client(values, scheme):
    assert url(forwarded(**values))[0] == scheme


HOSTS = [
    ({"Host": "calm.example"}, "calm.example"),
    ({"Host": "calm.example:8443"}, "calm.example:8443"),
    ({"Host": "calm.example:80"}, "calm.example"),
    ({"Host": "calm.example:443", "Proto": "https"}, "calm.example"),
    ({"Host": "calm.example:443"}, "calm.example:443"),
    ({"Host": "calm.example:"}, "calm.example"),
    ({"Host": "203.0.113.1"}, "203.0.113.1"),
    ({"Host": "[2001:db8::1]"}, "[2001:db8::1]"),
    ({"Host": "[2001:db8::1]:8443"}, "[2001:db8::1]:8443"),
    ({"Host": '"calm.example"'}, "calm.example"),
    ({"Host": "xn--mller-kva.example"}, "xn--mller-kva.example"),
    ({"Host": "calm.example", "Port": "8443"}, "calm.example:8443"),
    ({"Host": "calm.example:1", "Port": "8443"}, "calm.example:8443"),
    ({"Host": "calm.example:8443", "Port": "443", "Proto": "https"}, "calm.example"),
    ({"Host": "[2001:db8::1]", "Port": "8443"}, "[2001:db8::1]:8443"),
    ({"Host": "calm.example", "Port": "443", "Proto": "https"}, "calm.example"),
    # The default port of the other scheme is that of a proxy behind the one that ends TLS.
    ({"Host": "calm.example", "Port": "80", "Proto": "https"}, "calm.example"),
    ({"Host": "calm.example", "Port": "443", "Proto": "http"}, "calm.example"),
    ({"Port": "8443"}, "serene.test:8443"),
    ({"Port": "80"}, "serene.test"),
    ({"Port": "8443, 8080"}, "serene.test:8080"),
    ({"For": "203.0.113.7, 10.0.0.2", "Port": "8443, 8080"}, "serene.test:8443"),
    ({"For": "203.0.113.7, 10.0.0.2", "Host": "calm.example, inner"}, "calm.example"),
    ({"For": "203.0.113.7", "Host": "evil.example, calm.example"}, "calm.example"),
    # Neither host nor port.
    ({"Port": "0"}, "serene.test"),
    ({"Port": "65536"}, "serene.test"),
    ({"Port": "-1"}, "serene.test"),
    ({"Port": "\uff18\uff10"}, "serene.test"),
    ({"Port": "443/evil"}, "serene.test"),
    ({"Host": ""}, "serene.test"),
    ({"Host": "calm.example/path"}, "serene.test"),
    ({"Host": "user@calm.example"}, "serene.test"),
    ({"Host": "https://calm.example"}, "serene.test"),
    ({"Host": "calm.example:port"}, "serene.test"),
    ({"Host": "calm.example:99999"}, "serene.test"),
    ({"Host": "calm.example\\evil"}, "serene.test"),
    ({"Host": "calm example"}, "serene.test"),
    ({"Host": "calm.example\r\nX: y"}, "serene.test"),
    ({"Host": "cälm.example"}, "serene.test"),
    ({"Host": "[2001:db8::1"}, "serene.test"),
    ({"Host": "a" * 300}, "serene.test"),
]


@pytest.mark.parametrize(("values", "host"), HOSTS)
def test_host_and_port_of_the_client(values, host):
    assert url(forwarded(**values))[1] == host


def test_host_of_a_request_without_one_may_be_forwarded():
    assert url({"X-Forwarded-Host": "calm.example"}, host=None)[1] == "calm.example"
    assert url({}, host=None)[1] == ""


PREFIXES = [
    ({"Prefix": "/calm"}, "/calm"),
    ({"Prefix": "/calm/"}, "/calm"),
    ({"Prefix": "/calm/api-2.0/~x_y"}, "/calm/api-2.0/~x_y"),
    ({"Prefix": "/"}, ""),
    ({"Prefix": ""}, ""),
    ({"Prefix": '"/calm"'}, "/calm"),
    ({"Prefix": "/.well-known/calm"}, "/.well-known/calm"),
    # Each proxy removed its own.
    ({"For": "203.0.113.7, 10.0.0.2", "Prefix": "/calm, /api"}, "/calm/api"),
    ({"For": "203.0.113.7, 10.0.0.2", "Prefix": "/calm"}, "/calm"),
    ({"For": "203.0.113.7", "Prefix": "/evil, /calm"}, "/calm"),
    # Not a prefix.
    ({"Prefix": "calm"}, ""),
    ({"Prefix": "//evil.example"}, ""),
    ({"Prefix": "/calm//evil"}, ""),
    ({"Prefix": "/\\evil.example"}, ""),
    ({"Prefix": "https://evil.example"}, ""),
    ({"Prefix": "/.."}, ""),
    ({"Prefix": "/calm/../evil"}, ""),
    ({"Prefix": "/calm/."}, ""),
    ({"Prefix": "/calm?x=1"}, ""),
    ({"Prefix": "/calm#x"}, ""),
    ({"Prefix": "/calm%2e"}, ""),
    ({"Prefix": "/calm\r\nX: y"}, ""),
    ({"Prefix": "/calm\n"}, ""),
    ({"Prefix": "/cälm"}, ""),
    ({"Prefix": "/" + "a" * 300}, ""),
    ({"For": "203.0.113.7, 10.0.0.2", "Prefix": "//evil, /calm"}, ""),
]


@pytest.mark.parametrize(("values", "prefix"), PREFIXES)
def test_prefix_that_proxies_removed(values, prefix):
    assert url(forwarded(**values))[2] == prefix


@pytest.mark.parametrize(
    "headers",
    [
        *(forwarded(**values) for values, _ in [*SCHEMES, *HOSTS, *PREFIXES]),
        {"Forwarded": "for=198.51.100.1;proto=https;host=evil.example"},
        {"X-Request-ID": "6f1c1f6e-8f7e-4a3b-9c1d-2e3f4a5b6c7d", "X-Correlation-ID": "theirs"},
    ],
)
def test_nothing_of_an_untrusted_peer_counts(headers):
    record, environ = parse(headers, peer="192.0.2.9")
    assert (record.client_address, record.peer_address) == ("192.0.2.9", "192.0.2.9")
    assert (record.scheme, record.host, record.correlation_ids) == ("http", "serene.test", ())
    assert record.request_id not in headers.values()
    assert {name: environ[name] for name in ("REMOTE_ADDR", "REMOTE_PORT", "SCRIPT_NAME")} == {
        "REMOTE_ADDR": "192.0.2.9",
        "REMOTE_PORT": "40000",
        "SCRIPT_NAME": "",
    }
    assert (environ["wsgi.url_scheme"], environ["HTTP_HOST"]) == ("http", "serene.test")
