"""A path that counts as plain is one that the redaction leaves as it is."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from telemetry.redaction import Redactor
from telemetry.requests.plain_path import MAX_DIGITS, is_plain

REDACTOR = Redactor()
ALPHABET = "/abyhgskeJ_Zz.~-:=@% 0123456789é"


@given(st.text(ALPHABET, max_size=60))
@example("/posts/" + "1" * MAX_DIGITS)
@example("/" + "a1" * 40)
def test_redaction_changes_no_plain_path(path):
    if is_plain(path):
        assert REDACTOR.long_text(path) == path


@given(st.lists(st.from_regex(r"[a-z]{1,9}(-[a-z]{1,9}){0,3}-?[0-9]{0,3}", fullmatch=True)))
def test_paths_of_words_and_numbers_are_plain(segments):
    path = "/" + "/".join(segments)
    digits = sum(character.isdigit() for character in path)
    assert is_plain(path) == (digits <= MAX_DIGITS and "sk-" not in path)


@pytest.mark.parametrize(
    "path",
    [
        "/by/jane@example.com",
        "/by/jane%40example.com",
        "/cards/4111111111111111",
        "/cards/4111-1111-1111-1111",
        "/keys/sk-abcdefghijklmnopqrst",
        "/keys/sk_live_abcdefgh",
        "/tokens/eyJhbGciOiJI.eyJzdWIi",
        "/tokens/aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3",
        "/password=secret",
        "/caf\u00c3\u00a9",
        "/\udc80",
    ],
)
def test_paths_that_may_hold_a_secret_or_are_not_ascii_are_not_plain(path):
    assert not is_plain(path)
