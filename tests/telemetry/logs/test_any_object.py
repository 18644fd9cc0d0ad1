"""Whatever a line holds, it is strict JSON: a property over arbitrary objects."""

import string
from datetime import timezone

from hypothesis import given
from hypothesis import strategies as st

from telemetry.logs.lines import encode
from telemetry.logs.plain import plain
from tests.telemetry.logs.odd_objects import Endless, Number, OddMapping, Raises, Silent
from tests.telemetry.logs.strict_json import read_lines


def objects():
    """Values of most built-in types, of ours whose methods raise, and structures of them."""
    surrogates = st.text(st.characters(), max_size=30)
    scalars = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.integers().map(lambda number: number * 10**4990),
        st.floats(),
        st.complex_numbers(),
        st.decimals(),
        st.fractions(),
        surrogates,
        st.binary(max_size=30),
        st.dates(),
        st.times(),
        st.datetimes(timezones=st.just(timezone.utc)),  # noqa: UP017
        st.timedeltas(),
        st.uuids(),
        st.ip_addresses(),
        st.sampled_from([..., len, Raises]),
        *map(st.builds, (Raises, Number, Silent, Endless, OddMapping)),
    )
    hashable = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        surrogates,
        st.binary(max_size=5),
        st.uuids(),
        st.tuples(st.integers(), surrogates),
        st.builds(Raises),
    )
    return st.recursive(
        scalars,
        lambda inner: st.one_of(
            st.lists(inner, max_size=5),
            st.tuples(inner, inner),
            st.frozensets(hashable, max_size=5),
            st.dictionaries(hashable, inner, max_size=5),
        ),
        max_leaves=20,
    )


@given(objects())
def test_any_object_becomes_a_value_of_strict_json(value):
    (line,) = read_lines(encode({"by": plain(value)}))
    assert list(line) == ["by"]


@given(st.dictionaries(st.text(st.characters(), max_size=5), objects(), max_size=5))
def test_any_line_is_strict_json_also_one_that_nothing_has_converted(line):
    assert len(read_lines(encode(line))) == 1


@given(st.text(st.sampled_from(string.printable + "\ud800\udc00\u2028\x9b\\u"), max_size=200))
def test_text_of_whole_characters_comes_back_as_it_was(text):
    (line,) = read_lines(encode({"by": text}))
    assert line["by"].encode() == text.encode("utf-8", "backslashreplace") or "\ud800\udc00" in text


@given(objects())
def test_what_is_plain_stays_as_it_is(value):
    once = plain(value)
    assert plain(once) == once
