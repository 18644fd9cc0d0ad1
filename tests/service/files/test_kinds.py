"""The type of a file by its first bytes."""

import random

import pytest

from service.files.kinds import HEAD_BYTES, media_type_of
from service.files.settings import MEDIA_TYPES
from tests.service.files.samples import REFUSED, TAKEN


@pytest.mark.parametrize(("content", "media_type"), TAKEN.values(), ids=TAKEN)
def test_what_is_taken_is_known_by_its_content(content, media_type):
    assert media_type_of(content[:HEAD_BYTES]) == media_type


def test_every_type_of_the_setting_has_a_sample():
    assert {media_type for _, media_type in TAKEN.values()} == set(MEDIA_TYPES)


@pytest.mark.parametrize("content", REFUSED.values(), ids=REFUSED)
def test_what_is_not_taken_is_of_no_such_type(content):
    assert media_type_of(content[:HEAD_BYTES]) not in MEDIA_TYPES


def test_whatever_bytes_there_are_have_some_type():
    chosen = random.Random(4)
    for content, _ in TAKEN.values():
        for _ in range(20):
            broken = bytearray(content[: chosen.randrange(1, len(content) + 1)])
            broken[chosen.randrange(len(broken))] = chosen.randrange(256)
            assert "/" in media_type_of(bytes(broken))
