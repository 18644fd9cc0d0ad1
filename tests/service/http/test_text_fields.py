"""Rules of text fields: validation accepts exactly what the published schema accepts."""

import re
from typing import Annotated

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import Field, TypeAdapter, ValidationError

from service.companion.schemas import Text
from service.http.text_fields import MULTI_LINE, OPTIONAL_LINE, SINGLE_LINE, Name, Word
from service.sessions.schemas import TherapistProfile, Time

TITLE = Annotated[str, Field(min_length=1, max_length=200), SINGLE_LINE]
SUMMARY = Annotated[str, Field(max_length=500), OPTIONAL_LINE]
BODY = Annotated[str, Field(max_length=4000), MULTI_LINE]
BIO = TherapistProfile.model_fields["bio"].rebuild_annotation()
ADAPTERS = [TypeAdapter(one) for one in (Word, TITLE, SUMMARY, Name, BIO, Text, BODY)]
TEXTS = st.text(st.characters(codec="utf-8"), max_size=12) | st.text(
    " a\0\n\u200d\u2028\u202e\u3000\u2068\ufdd0\ufeff\U0001ffff\U000e007f", max_size=4
)


@given(text=TEXTS, adapter=st.sampled_from(ADAPTERS))
@example(text="a\n", adapter=ADAPTERS[0])
@example(text="a\n", adapter=ADAPTERS[5])
@example(text="\u3000", adapter=ADAPTERS[5])
def test_text_is_accepted_exactly_when_its_schema_accepts_it(text, adapter):
    schema = adapter.json_schema()
    # JSON Schema's patterns are JavaScript's, whose $ is only at the very end.
    pattern = schema.pop("pattern", "")
    by_schema = Draft202012Validator(schema).is_valid(text) and bool(
        re.search(re.sub(r"\$$", r"\\Z", pattern), text)
    )
    try:
        adapter.validate_python(text)
        taken = True
    except ValidationError:
        taken = False
    assert taken == by_schema


@pytest.mark.parametrize(
    "given", ["a man with a family: \U0001f468\u200d\U0001f469", "naïve", "قلب", "a  b"]
)
def test_line_may_be_in_any_language(given):
    assert TypeAdapter(TITLE).validate_python(given) == given


@pytest.mark.parametrize(
    "given",
    [
        5,
        5.0,
        True,
        "5",
        "2026-12-01",
        "2026-12-01T09:00",
        "2026-12-01T09:00:00",
        "2026-12-01 09:00:00Z",
    ],
)
def test_instant_is_a_text_with_an_offset(given):
    with pytest.raises(ValidationError):
        TypeAdapter(Time).validate_python(given)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("2026-12-01T09:00:00.5+05:45", "2026-12-01T03:15:00.500000+00:00"),
        ("0001-01-01t00:00:00+23:59", "2020-01-01T00:00:00+00:00"),
        ("9999-12-31T23:59:59z", "2100-01-01T00:00:00+00:00"),
    ],
)
def test_instants_are_between_2020_and_2100(given, meant):
    assert TypeAdapter(Time).validate_python(given).isoformat() == meant
