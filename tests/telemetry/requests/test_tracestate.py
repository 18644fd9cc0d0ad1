"""``tracestate`` by W3C Trace Context, level 2: one row for each sentence of section 3.3."""

import logging
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetry.requests.tracestate import (
    CERTAIN_LENGTH,
    LONG_MEMBER,
    MAX_LENGTH,
    MAX_MEMBERS,
    MAX_READ,
    MAX_READ_MEMBERS,
    header_of,
    parse_tracestate,
    read_members,
    with_member,
)

examples = settings(deadline=None, max_examples=100)

KEY_CHARACTERS = string.ascii_lowercase + string.digits + "_-*/@"
VALUE_CHARACTERS = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) not in ",=")


def members(count, prefix="k"):
    return [f"{prefix}{index}=v" for index in range(count)]


def joined(*parts):
    return ",".join(parts)


# (section, what a caller sends, what is passed on); nothing else is in the header.
SENTENCES = [
    pytest.param("3.3.2", "any=:;?!~{}", "any=:;?!~{}", id="opaque value in any key"),
    pytest.param("3.3.2", "a=1,b=2,c=3", "a=1,b=2,c=3", id="several headers, joined in order"),
    pytest.param("3.3.2", "a=1 , b=2,\tc=3 \t", "a=1,b=2,c=3", id="white space around is ignored"),
    pytest.param("3.3.2", " \ta=1", "a=1", id="white space in front"),
    pytest.param("3.3.2", "a=1,b=2", "a=1,b=2", id="no white space is generated"),
    pytest.param(
        "3.3.2",
        joined(*members(MAX_MEMBERS)),
        joined(*members(MAX_MEMBERS)),
        id="32 entries are the maximum",
    ),
    pytest.param(
        "3.3.2",
        joined(*members(MAX_MEMBERS + 3)),
        joined(*members(MAX_MEMBERS)),
        id="above 32 the rightmost are left out",
    ),
    pytest.param("3.3.2", "", "", id="an empty header is accepted, and none is sent"),
    pytest.param("3.3.2", " \t ", "", id="a header of white space is accepted"),
    pytest.param("3.3.2", "a=1,,b=2", "a=1,b=2", id="empty entries are allowed"),
    pytest.param("3.3.2", "a=1, \t,b=2,", "a=1,b=2", id="entries of white space are allowed"),
    pytest.param(
        "3.3.2",
        "," * 40 + joined(*members(MAX_MEMBERS)),
        joined(*members(MAX_MEMBERS)),
        id="empty entries are not counted",
    ),
    pytest.param("3.3.2.1", f"{'k' * 256}=1", f"{'k' * 256}=1", id="keys have up to 256"),
    pytest.param("3.3.2.2.1", "key=1", "key=1", id="a key begins with a letter"),
    pytest.param("3.3.2.2.1", "1key=1", "1key=1", id="a key begins with a digit"),
    pytest.param("3.3.2.2.1", "0=1", "0=1", id="a key of one digit"),
    pytest.param("3.3.2.2.1", "t@v=1", "t@v=1", id="a key holds an at sign"),
    pytest.param("3.3.2.2.1", "a@=1,b=2", "a@=1,b=2", id="an at sign at the end"),
    pytest.param("3.3.2.2.1", "a@@b@c=1,b=2", "a@@b@c=1,b=2", id="several at signs"),
    pytest.param("3.3.2.2.1", "a@long-vendor-name=1", "a@long-vendor-name=1", id="any vendor part"),
    pytest.param(
        "3.3.2.2.1", f"a{KEY_CHARACTERS}=1", f"a{KEY_CHARACTERS}=1", id="all key characters"
    ),
    pytest.param("3.3.2.2.1", "@a=1,b=2", "b=2", id="a key does not begin with an at sign"),
    pytest.param("3.3.2.2.1", "_a=1,b=2", "b=2", id="nor with another character"),
    pytest.param("3.3.2.2.1", "KEY=1,b=2", "b=2", id="no upper case"),
    pytest.param("3.3.2.2.1", "a.b=1,b=2", "b=2", id="no other character in a key"),
    pytest.param("3.3.2.2.1", "a =1,b=2", "b=2", id="no white space before the equals sign"),
    pytest.param("3.3.2.2.1", "ä=1,b=2", "b=2", id="no letter beyond ASCII"),
    pytest.param("3.3.2.2.1", f"{'k' * 257}=1,b=2", "b=2", id="no key of 257 characters"),
    pytest.param("3.3.2.2.1", "=1,b=2", "b=2", id="no empty key"),
    pytest.param("3.3.2.2.2", f"a={'v' * 256}", f"a={'v' * 256}", id="values have up to 256"),
    pytest.param(
        "3.3.2.2.2", f"a={VALUE_CHARACTERS}", f"a={VALUE_CHARACTERS}", id="all value characters"
    ),
    pytest.param("3.3.2.2.2", f"a={'v' * 257},b=2", "b=2", id="no value of 257 characters"),
    pytest.param("3.3.2.2.2", "a=1=2,b=2", "b=2", id="no equals sign in a value"),
    pytest.param("3.3.2.2.2", "a=,b=2", "b=2", id="no empty value"),
    pytest.param("3.3.2.2.2", "a=  ,b=2", "b=2", id="a value does not end with a space"),
    pytest.param("3.3.2.2.2", "a=x\ty,b=2", "b=2", id="no tab in a value"),
    pytest.param("3.3.2.2.2", "a=x\ny,b=2", "b=2", id="no line feed in a value"),
    pytest.param("3.3.2.2.2", "a=x\x7f,b=2", "b=2", id="no control character in a value"),
    pytest.param("3.3.2.2.2", "a=ü,b=2", "b=2", id="no value beyond ASCII"),
    pytest.param("3.3.2.2.2", "a=  x y", "a=  x y", id="leading spaces belong to the value"),
    pytest.param("3.3.2.2.2", "a=x  ,b=2", "a=x,b=2", id="trailing spaces do not"),
    pytest.param("3.3.2.2", "a,b=2", "b=2", id="an entry has an equals sign"),
    pytest.param(
        "3.3.3", "a=new,b=2,a=old", "a=new,b=2", id="one entry for a key: the newest, in front"
    ),
    pytest.param("3.3.3", "a=1,b=2,a=1", "a=1,b=2", id="the same entry twice"),
    pytest.param(
        "3.3.3.1",
        joined(*(f"k{index:02}={'v' * 26}" for index in range(16)), f"last={'v' * 11}"),
        joined(*(f"k{index:02}={'v' * 26}" for index in range(16)), f"last={'v' * 11}"),
        id="512 characters are passed on",
    ),
    pytest.param(
        "3.3.3.1",
        joined(f"first={'v' * 250}", *(f"k{index:02}={'v' * 26}" for index in range(30))),
        joined(*(f"k{index:02}={'v' * 26}" for index in range(30))),
        id="entries over 128 characters are left out first, whole",
    ),
    pytest.param(
        "3.3.3.1",
        joined(
            f"a={'v' * 250}",
            *(f"k{index:02}={'v' * 96}" for index in range(4)),
            "z=" + "v" * 256,
            "e=1",
        ),
        joined(
            f"a={'v' * 250}",
            *(f"k{index:02}={'v' * 96}" for index in range(4)),
            "z=" + "v" * 256,
            "e=1",
        ),
        id="long entries stay where all fits",
    ),
    pytest.param(
        "3.3.3.1",
        joined(*(f"k{index:02}={'v' * 96}" for index in range(12))),
        joined(*(f"k{index:02}={'v' * 96}" for index in range(10))),
        id="then entries from the end",
    ),
    pytest.param(
        "3.3.3.1",
        f"{'k' * 256}={'v' * 256}",
        f"{'k' * 256}={'v' * 256}",
        id="the longest entry is passed on",
    ),
]


@pytest.mark.parametrize(("section", "header", "passed_on"), SENTENCES)
def test_each_sentence_holds(section, header, passed_on, caplog):
    with caplog.at_level(logging.DEBUG):
        state = parse_tracestate(header)
    assert state.to_header() == passed_on, section
    assert caplog.records == []


def test_the_row_of_512_characters_has_so_many():
    (row,) = (each for each in SENTENCES if each.id == "512 characters are passed on")
    assert len(row.values[1]) == CERTAIN_LENGTH


# Section 3.5: how a list is changed.
def test_changed_entry_moves_to_the_front_and_the_others_keep_their_order():
    before = read_members("a=1,1b@c=2,ot=th:0,d=3")
    assert header_of(with_member(before, "ot", "th:8")) == "ot=th:8,a=1,1b@c=2,d=3"
    assert header_of(before) == "a=1,1b@c=2,ot=th:0,d=3"


def test_new_entry_is_put_in_front_and_the_rightmost_of_33_is_left_out():
    before = read_members(joined(*members(MAX_MEMBERS)))
    assert header_of(with_member(before, "ot", "th:8")) == joined("ot=th:8", *members(31))


lengths = st.one_of(st.integers(1, 20), st.integers(1, 256))
keys = st.builds(
    lambda first, rest, length: first + (rest * 256)[: length - 1],
    st.sampled_from(string.ascii_lowercase + string.digits),
    st.text(KEY_CHARACTERS, min_size=1, max_size=3),
    lengths,
)
values = st.builds(
    lambda text, length: text[0] * (length - 1) + text[1],
    st.tuples(st.sampled_from(VALUE_CHARACTERS), st.sampled_from(VALUE_CHARACTERS[1:])),
    lengths,
)
valid_members = st.builds("{}={}".format, keys, values)
short_members = st.builds("{}{}=v".format, st.sampled_from("abc"), st.integers(0, 99))


@examples
@given(st.text(max_size=3000))
def test_any_header_is_bounded_and_read_again_as_it_is(text):
    sent = parse_tracestate(text).to_header()
    assert len(sent) <= MAX_LENGTH
    assert len(read_members(sent)) <= MAX_MEMBERS
    assert parse_tracestate(sent).to_header() == sent


@examples
@given(st.lists(valid_members, max_size=40))
def test_entries_are_whole_in_order_and_at_least_512_characters_are_left(sent):
    kept = [f"{key}={value}" for key, value in read_members(joined(*sent)).items()]
    by_key = {}
    for member in sent:
        by_key.setdefault(member.split("=")[0], member)
    distinct = list(by_key.values())
    rest = iter(distinct)
    assert all(member in rest for member in kept)
    assert len(kept) == min(MAX_MEMBERS, len(distinct)) or len(joined(*kept)) >= CERTAIN_LENGTH


@examples
@given(st.lists(short_members, max_size=MAX_MEMBERS, unique_by=lambda each: each.split("=")[0]))
def test_a_bad_neighbour_takes_no_entry_with_it(good):
    expected = read_members(joined(*good))
    bad = ["", " ", "x", "=", "A=1", "a=b=c", "é=1", "\x00"]
    mixed = [part for pair in zip(good, bad * 4, strict=False) for part in pair]
    assert read_members(joined(*bad, *mixed)) == read_members(joined(*good[: len(mixed) // 2]))
    assert read_members(joined(*good, *bad)) == expected


def test_long_entry_at_the_bound_is_128_characters():
    filler = [f"k{index:02}={'v' * 92}" for index in range(9)]
    exact, longer = f"a={'v' * (LONG_MEMBER - 2)}", f"a={'v' * (LONG_MEMBER - 1)}"
    assert read_members(joined(exact, *filler, "z=" + "v" * 60)).keys() == {
        "a",
        *(f"k{index:02}" for index in range(9)),
    }
    assert read_members(joined(longer, *filler, "z=" + "v" * 60)).keys() == {
        *(f"k{index:02}" for index in range(9)),
        "z",
    }


def test_only_so_many_entries_of_a_hostile_list_are_read():
    assert read_members("A=1," * MAX_READ_MEMBERS + "b=2") == {}
    assert read_members("A=1," * (MAX_READ_MEMBERS - 1) + "b=2") == {"b": "2"}


def test_what_is_cut_at_the_bound_of_reading_is_no_entry():
    header = "a=1," + "," * (MAX_READ - 10) + "b=23456789"
    assert header_of(read_members(header)) == "a=1"
    assert read_members("x" * MAX_READ + "=1") == {}
