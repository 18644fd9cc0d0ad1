"""No text that a client can write changes which address, scheme or host it has."""

from hypothesis import given
from hypothesis import strategies as st

from telemetry.requests.addresses import parse_address
from tests.telemetry.requests.forwarding import CLIENT, parse

# What a server lets into a header; the alphabet of lists and quotes more often.
TEXT = st.one_of(
    st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\x00"), max_size=80),
    st.text(st.sampled_from('",;=\\[]:. \tfor1203'), max_size=80),
    st.lists(
        st.sampled_from(
            ["for=1.2.3.4", 'for="', '"', "1.2.3.4", ",", ";", "10.0.0.2", "for=10.0.0.2", "\\"]
        ),
        max_size=12,
    ).map("".join),
)
X_NAMES = ("For", "Proto", "Protocol", "Ssl", "Scheme", "Host", "Port", "Prefix")


def origin(headers, **options):
    """Return all that the headers may change."""
    record, environ = parse(headers, **options)
    return (
        record.client_address,
        record.peer_address,
        environ["wsgi.url_scheme"],
        environ["HTTP_HOST"],
        environ["SCRIPT_NAME"],
        environ["REMOTE_ADDR"],
    )


@given(TEXT, st.sampled_from([CLIENT, f"{CLIENT}:443", f"{CLIENT}, 10.0.0.2", f'"{CLIENT}"']))
def test_list_of_a_client_before_the_proxys_own_part(text, own):
    assert origin({"X-Forwarded-For": f"{text}, {own}"})[0] == CLIENT


@given(
    TEXT,
    st.sampled_from(
        [
            "for=203.0.113.7;proto=https;host=calm.example",
            'for="203.0.113.7:1";proto=https;host="calm.example"',
            "for=203.0.113.7;proto=https;host=calm.example, for=10.0.0.2",
        ]
    ),
)
def test_elements_of_a_client_before_the_proxys_own(text, own):
    assert origin({"Forwarded": f"{text}, {own}"})[:4] == (
        CLIENT,
        "10.0.0.1",
        "https",
        "calm.example",
    )


@given(TEXT)
def test_forwarded_of_a_client_behind_a_proxy_that_writes_the_other_family(text):
    own = {"X-Forwarded-For": CLIENT, "X-Forwarded-Proto": "https"}
    assert origin(own | {"Forwarded": text}) == origin(own)


@given(st.dictionaries(st.sampled_from(X_NAMES), TEXT), TEXT)
def test_x_headers_of_a_client_behind_a_proxy_that_writes_forwarded(values, text):
    settings = {"TELEMETRY_FORWARDED_HEADERS": "forwarded"}
    own = {"Forwarded": f"{text}, for={CLIENT};proto=https"}
    claimed = {f"X-Forwarded-{name}": value for name, value in values.items()}
    assert origin(own | claimed, **settings) == origin(own, **settings)


@given(st.dictionaries(st.sampled_from(X_NAMES), TEXT), TEXT)
def test_headers_of_an_untrusted_peer(values, text):
    claimed = {f"X-Forwarded-{name}": value for name, value in values.items()}
    headers = claimed | {"Forwarded": text, "X-Request-ID": text}
    assert origin(headers, peer="192.0.2.9") == origin({}, peer="192.0.2.9")


@given(st.dictionaries(st.sampled_from(X_NAMES), TEXT), TEXT)
def test_whatever_a_trusted_proxy_passes_on_is_safe_in_a_url(values, text):
    claimed = {f"X-Forwarded-{name}": value for name, value in values.items()}
    _, _, scheme, host, prefix, _ = origin(claimed | {"Forwarded": text})
    assert scheme in {"http", "https"}
    assert not set(host) & set("/\\@?#, \r\n")
    assert not prefix.startswith("//")
    assert prefix == "" or (prefix[0] == "/" and "//" not in prefix and ".." not in prefix)


@given(st.ip_addresses(), st.integers(0, 99999))
def test_address_has_one_text_in_every_spelling(address, port):
    canonical = parse_address(str(address))
    assert canonical == parse_address(canonical)
    spellings = [f'"{address}"', f" {address}\t"]
    if address.version == 4:
        spellings += [f"{address}:{port}", f"::ffff:{address}", f"[::ffff:{address}]:{port}"]
    else:
        spellings += [f"[{address}]", f"[{address}]:{port}", str(address).upper(), address.exploded]
    assert {parse_address(each) for each in spellings} == {canonical}


@given(TEXT)
def test_any_text_is_an_address_or_none(text):
    assert parse_address(parse_address(text)) == parse_address(text)
