"""The header ``Forwarded``: its whole grammar, and what other headers beside it mean.

Source: RFC 7239, sections 4 to 7; RFC 9110, section 5.6.
"""

import pytest

from tests.telemetry.requests.forwarding import CLIENT, PEER, parse

V6 = "2001:db8::7"
HERE = ("http", "serene.test")


def facts(headers, **options):
    """Return address, scheme and host of the client's request."""
    record, environ = parse(headers, **options)
    assert (environ["REMOTE_ADDR"], environ["wsgi.url_scheme"], environ["HTTP_HOST"]) == (
        record.client_address,
        record.scheme,
        record.host,
    )
    return record.client_address, record.scheme, record.host


GRAMMAR = {
    # nodes
    "for=203.0.113.7": (CLIENT, *HERE),
    'for="203.0.113.7"': (CLIENT, *HERE),
    'for="203.0.113.7:51234"': (CLIENT, *HERE),
    'for="203.0.113.7:_port"': (CLIENT, *HERE),
    'for="[2001:db8::7]"': (V6, *HERE),
    'for="[2001:db8::7]:443"': (V6, *HERE),
    'for="[::ffff:203.0.113.7]:443"': (CLIENT, *HERE),
    'for="[fe80::7%25eth0]"': ("fe80::7", *HERE),
    # without the quotes that section 4 asks for
    "for=203.0.113.7:51234": (CLIENT, *HERE),
    "for=[2001:db8::7]:443": (V6, *HERE),
    "for=2001:db8::7": (V6, *HERE),
    # names in any case, parameters in any order, extensions
    "For=203.0.113.7": (CLIENT, *HERE),
    "FOR=203.0.113.7;PROTO=HTTPS": (CLIENT, "https", "serene.test"),
    "proto=https;for=203.0.113.7": (CLIENT, "https", "serene.test"),
    "by=203.0.113.43;for=203.0.113.7": (CLIENT, *HERE),
    'by="_proxy";for=203.0.113.7;secret=_x': (CLIENT, *HERE),
    'for=203.0.113.7;ext="a;b=c, d"': (CLIENT, *HERE),
    # scheme and host
    "for=203.0.113.7;proto=https;host=calm.example": (CLIENT, "https", "calm.example"),
    'for=203.0.113.7;proto="https";host="calm.example"': (CLIENT, "https", "calm.example"),
    'for=203.0.113.7;host="calm.example:8443"': (CLIENT, "http", "calm.example:8443"),
    "for=203.0.113.7;host=calm.example:443;proto=https": (CLIENT, "https", "calm.example"),
    'for=203.0.113.7;host="[2001:db8::1]:80"': (CLIENT, "http", "[2001:db8::1]"),
    "for=203.0.113.7;proto=wss": (CLIENT, "https", "serene.test"),
    "for=203.0.113.7;proto=gopher": (CLIENT, *HERE),
    'for=203.0.113.7;host="evil.example/path"': (CLIENT, *HERE),
    'for=203.0.113.7;host="a@evil.example"': (CLIENT, *HERE),
    # quoted strings
    'for="\\203.0.113.7"': (CLIENT, *HERE),
    'for="2\\0\\3.0.113.7"': (CLIENT, *HERE),
    'for=203.0.113.7;host="calm\\.example"': (CLIENT, "http", "calm.example"),
    'for=203.0.113.7;ext="\\", for=198.51.100.1;x=\\""': (CLIENT, *HERE),
    'for=203.0.113.7;ext=""': (CLIENT, *HERE),
    # white space, empty pairs, empty elements
    " for=203.0.113.7 ": (CLIENT, *HERE),
    "for=203.0.113.7 ; proto=https": (CLIENT, "https", "serene.test"),
    ";for=203.0.113.7;": (CLIENT, *HERE),
    "for=203.0.113.7;;proto=https": (CLIENT, "https", "serene.test"),
    "for=203.0.113.7,": (CLIENT, *HERE),
    ", ,for=203.0.113.7,\t,": (CLIENT, *HERE),
    # hops
    "for=203.0.113.7, for=10.0.0.2": (CLIENT, *HERE),
    'for=203.0.113.7,for="10.0.0.2:443"': (CLIENT, *HERE),
    'for=203.0.113.7, for="[2001:db8:ffff::2]", for=10.0.0.3': (CLIENT, *HERE),
    "for=198.51.100.1, for=203.0.113.7": (CLIENT, *HERE),
    "for=203.0.113.7;proto=https, for=10.0.0.2;proto=http": (CLIENT, "https", "serene.test"),
    "for=203.0.113.7, for=10.0.0.2;proto=https": (CLIENT, "https", "serene.test"),
    "for=1.2.3.4;proto=https, for=203.0.113.7": (CLIENT, *HERE),
    "for=203.0.113.7;host=calm.example, for=10.0.0.2;host=inner": (CLIENT, "http", "calm.example"),
    'for=203.0.113.7;host="a, b", for=10.0.0.2': (CLIENT, *HERE),
    # what cannot be known
    "for=unknown": (PEER, *HERE),
    "for=_hidden": (PEER, *HERE),
    'for="_SEVKISEK:443"': (PEER, *HERE),
    "for=unknown;proto=https;host=calm.example": (PEER, "https", "calm.example"),
    "for=203.0.113.7, for=unknown": (PEER, *HERE),
    "for=203.0.113.7, for=_hidden, for=10.0.0.2": ("10.0.0.2", *HERE),
    "for=203.0.113.7, proto=https": (PEER, "https", "serene.test"),
    "proto=https": (PEER, "https", "serene.test"),
    "": (PEER, *HERE),
    ",": (PEER, *HERE),
    # not valid
    "203.0.113.7": (PEER, *HERE),
    "for": (PEER, *HERE),
    "for=": (PEER, *HERE),
    "for = 203.0.113.7": (PEER, *HERE),
    "for=203.0.113.7;for=198.51.100.1": (PEER, *HERE),
    "for=203.0.113.7;proto=https;PROTO=http": (PEER, *HERE),
    'for="203.0.113.7': (PEER, *HERE),
    'for=203.0.113.7"': (PEER, *HERE),
    'for="203.0.113.7"x': (PEER, *HERE),
    "for=203.0.113.7 proto=https": (PEER, *HERE),
    "for='203.0.113.7'": (PEER, *HERE),
    "for=203.0.113.7\x00": (PEER, *HERE),
    "for=203.0.113.7, garbage, for=10.0.0.2": ("10.0.0.2", *HERE),
}


@pytest.mark.parametrize(("header", "expected"), GRAMMAR.items())
def test_element_is_read_by_the_grammar(header, expected):
    assert facts({"Forwarded": header}) == expected


@pytest.mark.parametrize(
    "client_text",
    [
        'for="',
        'for="x',
        'for="\\',
        "for=1.2.3.4;",
        'for=1.2.3.4;host="',
        'for="x, for=1.2.3.4',
        '"',
        '\\"',
        'a="b", for="c',
        "=",
        "x" * 5000,
        '"' * 5000,
        'for="x,' * 1000,
        "," * 5000,
    ],
)
@pytest.mark.parametrize(
    "own",
    [
        "for=203.0.113.7;proto=https;host=calm.example",
        'for="203.0.113.7:1";proto="https";host="calm.example"',
        'host="calm.example";for=203.0.113.7;by="_p, q";proto=https',
        'for=203.0.113.7;proto=https;host=calm.example, for="10.0.0.2"',
    ],
)
def test_text_of_the_client_cannot_change_how_the_proxys_own_element_is_read(client_text, own):
    expected = (CLIENT, "https", "calm.example")
    assert facts({"Forwarded": f"{client_text}, {own}"}) == expected
    assert facts({"Forwarded": f"{client_text},{own}"}) == expected


@pytest.mark.parametrize(
    "host",
    ['x\\", for=1.2.3.4;host=\\"y', "x, for=1.2.3.4", "x, for=1.2.3.4;y=\\\\", ", for=1.2.3.4;"],
)
def test_text_that_the_proxy_quotes_cannot_become_an_element(host):
    assert facts({"Forwarded": f'for=203.0.113.7;host="{host}"'})[0] == CLIENT


def test_very_long_header_is_bounded():
    assert facts({"Forwarded": "for=1.2.3.4, " + "for=10.0.0.2, " * 3000})[0] == "10.0.0.2"
    assert facts({"Forwarded": "for=" + "1" * 100_000})[0] == PEER


X_FOR = {"X-Forwarded-For": CLIENT}
OTHER = {"Forwarded": "for=198.51.100.1;proto=https;host=calm.example"}
X_ALL = {
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Port": "8443",
    "X-Forwarded-Prefix": "/evil",
}
FIRST = (CLIENT, *HERE)
SECOND = ("198.51.100.1", "https", "calm.example")


@pytest.mark.parametrize(
    ("setting", "headers", "expected"),
    [
        ("auto", X_FOR, FIRST),
        ("auto", OTHER, SECOND),
        ("auto", X_FOR | OTHER, FIRST),
        ("auto", {"X-Forwarded-For": ""} | OTHER, (PEER, *HERE)),
        ("auto", {"X-Forwarded-Proto": "http"} | OTHER, (PEER, *HERE)),
        ("auto", {"X-Forwarded-Prefix": "/calm"} | OTHER, (PEER, *HERE)),
        ("x-forwarded", X_FOR, FIRST),
        ("x-forwarded", OTHER, (PEER, *HERE)),
        ("x-forwarded", X_FOR | OTHER, FIRST),
        ("forwarded", X_FOR, (PEER, *HERE)),
        ("forwarded", {"X-Forwarded-Host": "evil.example"}, (PEER, *HERE)),
        ("forwarded", OTHER, SECOND),
        ("forwarded", X_FOR | OTHER, SECOND),
        ("forwarded", X_FOR | {"X-Forwarded-Proto": "http"} | OTHER, SECOND),
        ("Forwarded", OTHER, SECOND),
        # A load balancer that passes the other headers of a client on.
        ("X-Forwarded-For, X-Forwarded-Proto", X_FOR | X_ALL | OTHER, (CLIENT, "https", HERE[1])),
        ("x-forwarded-for", X_FOR | X_ALL, FIRST),
        ("x-forwarded-for", OTHER, (PEER, *HERE)),
        ("x-forwarded-proto", X_FOR | X_ALL, (PEER, "https", HERE[1])),
        ("x-forwarded", X_FOR | X_ALL, (CLIENT, "https", "evil.example:8443")),
    ],
)
def test_headers_that_the_setting_names_are_read(setting, headers, expected):
    assert facts(headers, TELEMETRY_FORWARDED_HEADERS=setting) == expected
