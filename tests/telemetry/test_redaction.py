"""Secrets and personal data are redacted, by name or by shape, anywhere in a text."""

import json
import re
import secrets
import string
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.redaction import (
    CACHED_TEXTS,
    MAX_QUERY_LENGTH,
    MAX_TEXT_LENGTH,
    Redactor,
    is_card_number,
    private_in_path,
)

JWT = "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0."
NOTHING = Redactor()
VALUES = Redactor(["X-Shop-Pass"], keep_query_values=True)

plain = st.text(string.ascii_lowercase + " /.,", max_size=40)
"""Harmless text around a secret."""


@pytest.mark.parametrize(
    ("query", "redacted"),
    [
        ("", ""),
        ("page=2&token=secret", "page=REDACTED&token=REDACTED"),
        ("a=1=2&b=", "a=REDACTED&b=REDACTED"),
        ("secret", "REDACTED"),
        ("ann%40example.com=1", "REDACTED=REDACTED"),
    ],
)
def test_names_of_parameters_stay_and_their_values_do_not(query, redacted):
    assert NOTHING.query(query) == redacted


@pytest.mark.parametrize(
    ("query", "redacted"),
    [
        ("page=2&tag=calm%20evenings&empty=", "page=2&tag=calm%20evenings&empty="),
        ("api_key=1&Refresh-Token=2&page=3", "api_key=REDACTED&Refresh-Token=REDACTED&page=3"),
        ("x-shop-pass=3&X%2DApi%2DKey=4", "x-shop-pass=REDACTED&X%2DApi%2DKey=REDACTED"),
        ("q=ann%40example.com&r=ann%2540example.com", "q=REDACTED&r=REDACTED"),
        ("q=4111+1111+1111+1111&r=4111+1111+1111+1112", "q=REDACTED&r=4111+1111+1111+1112"),
        (f"after={JWT}", "after=REDACTED"),
    ],
)
def test_values_stay_when_configured_unless_they_are_sensitive(query, redacted):
    assert VALUES.query(query) == redacted


def test_long_query_is_cut():
    assert VALUES.query(f"q={'a ' * 5000}") == f"q={'a ' * 5000}"[:MAX_QUERY_LENGTH]


@pytest.mark.parametrize(
    "text",
    [
        "/api/v1/blog/posts/calm-evenings-2024",
        "6f1c1f6e-8f7e-4a3b-9c1d-2e3f4a5b6c7d 4bf92f3577b34da6a3ce929d0e0e4736",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/120.0.6099.109",
        "http://127.0.0.1:27017: connection refused",
    ],
)
def test_harmless_text_stays_unchanged(text):
    assert NOTHING.text(text) == text


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        (f"no such token {JWT}!", "no such token REDACTED!"),
        ("Authorization: Bearer abc.def-ghi", "Authorization: REDACTED"),
        ("got Bearer abc.def-ghi, sorry", "got Bearer REDACTED, sorry"),
        ("{'refresh_token': 'a b', 'page': 1}", "{'refresh_token': REDACTED, 'page': 1}"),
        ("password=hunter2&page=1", "password=REDACTED&page=1"),
        ("sk_test_4eC39HqLyjWDarjtT1zdp7dc and whsec_0123456789", "REDACTED and REDACTED"),
        ("write to ann.o'hara+1@mail.example.co.uk, please", "write to REDACTED, please"),
        (
            "card 4111-1111-1111-1111 declined, 4111-1111-1111-1112 too",
            "card REDACTED declined, 4111-1111-1111-1112 too",
        ),
    ],
)
def test_text_in_the_shape_of_a_secret_is_removed_and_all_else_stays(text, redacted):
    assert NOTHING.text(text) == redacted


@given(plain, plain, st.integers(12, 18), st.sampled_from(["", " ", "-"]), st.data())
def test_a_card_number_is_found_in_any_text(before, after, length, separator, data):
    digits = data.draw(st.text(string.digits, min_size=length, max_size=length))
    digits += next(check for check in string.digits if is_card_number(digits + check))
    redacted = NOTHING.text(f"{before} {separator.join(digits)} {after}")
    assert digits not in re.sub("[ -]", "", redacted)


@given(
    plain,
    plain,
    st.from_regex(r"[a-z][a-z.+_-]{0,20}[a-z0-9]@[a-z]{1,10}(\.[a-z]{2,5}){1,2}", fullmatch=True),
)
def test_an_address_is_found_in_any_text(before, after, address):
    assert address not in NOTHING.text(f"{before} {address} {after}")


@given(plain, plain, st.integers(24, 96), st.integers(0, 2**32))
def test_a_token_is_found_in_any_text(before, after, size, seed):
    token = secrets.token_urlsafe(size) + "aA0"
    assert token not in NOTHING.text(f"{before}/{token}/{after}")


@given(st.text())
def test_redaction_is_idempotent(text):
    once = NOTHING.text(text)
    assert NOTHING.text(once) == once


def test_a_value_is_redacted_with_its_members():
    class Named:
        def __str__(self):
            return "of ann@example.com"

    value = {
        "password": "x",
        "count": 2,
        "ok": True,
        "who": ["ann@example.com", None, 0.5],
        "deep": {"cvc": 1, "named": Named()},
    }
    assert NOTHING.value(value) == {
        "password": "REDACTED",
        "count": 2,
        "ok": True,
        "who": ["REDACTED", None, 0.5],
        "deep": {"cvc": "REDACTED", "named": "of REDACTED"},
    }
    endless = {}
    endless["self"] = endless
    assert str(NOTHING.value(endless)).count("self") == 7


def test_long_text_keeps_its_beginning_and_its_end():
    redacted = NOTHING.long_text(f"begin {'x ' * MAX_TEXT_LENGTH} ValueError: ann@example.com")
    assert (redacted[:6], redacted[-20:], len(redacted) < MAX_TEXT_LENGTH + 4) == (
        "begin ",
        "ValueError: REDACTED",
        True,
    )


def test_the_caches_are_bounded():
    redactor = Redactor()
    for number in range(2 * CACHED_TEXTS):
        redactor.text(f"/{number}")
        redactor.query(f"a{number}=1")
    sizes = [
        cache.cache_info().currsize
        for cache in (redactor.text, redactor.query, redactor.is_sensitive)
    ]
    assert max(sizes) <= CACHED_TEXTS


PRIVATE = {
    "by its name": ({"token": "abc"}, None, {"token"}),
    "by its view": ({"slug": "a-title"}, private_in_path("slug"), {"slug"}),
    "by both": (
        {"slug": "a-title", "email": "x", "number": 3},
        private_in_path("slug"),
        {"slug", "email"},
    ),
    "neither": ({"slug": "a-title"}, None, set()),
    "an id that is called like a secret": ({"session_id": UUID(int=1)}, None, set()),
    "a text that is called like a secret": ({"session_id": "x"}, None, {"session_id"}),
    "a secret that is an id": ({"token": UUID(int=1)}, None, {"token"}),
}


@pytest.mark.parametrize(("values", "option", "private"), PRIVATE.values(), ids=PRIVATE)
def test_a_variable_of_a_path_is_private_by_its_name_or_by_its_view(values, option, private):
    def view():
        pass

    assert NOTHING.private_variables(values, option(view) if option else view) == private


def test_private_variables_of_a_path_are_redacted():
    values = {"email": "x", "number": 3, "rest": "a/ann@example.com"}
    redacted = NOTHING.path(
        "/of/<email>/<int(min=1):number>/<path:rest>/edit", values, frozenset({"email"})
    )
    assert redacted == "/of/REDACTED/3/a/REDACTED/edit"


def test_client_values_are_removed_from_text_that_quotes_them():
    body = json.dumps(
        {"a": ["first line\nsecond", {"b": "it's \u00e4"}], "n": 12345, "short": "is"}
    ).encode()
    text = (
        "cannot use 'first line\\nsecond' or \"it's ä\" or it's \\u00e4, 12345, header-value: "
        "this is ann@example.com"
    )
    redacted = (
        "cannot use 'REDACTED' or \"REDACTED\" or REDACTED, 12345, REDACTED: this is REDACTED"
    )
    assert NOTHING.without(text, (body, "header-value")) == redacted
    assert NOTHING.without("not json [at all", (b"not json", b"[" * 100_000)) == "REDACTED [at all"
    assert NOTHING.without("nothing", ()) == "nothing"
