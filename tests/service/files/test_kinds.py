"""The type of a file by its first bytes."""

import random

import pytest

from service.files.kinds import HEAD_BYTES, media_type_of
from service.files.settings import MEDIA_TYPES
from tests.service.files.samples import REFUSED, TAKEN


@pytest.mark.parametrize(("content", "media_type"), TAKEN.values(), ids=TAKEN)
def test_accepted_content_is_detected(content, media_type):
    assert media_type_of(content[:HEAD_BYTES]) == media_type


def test_every_accepted_type_has_a_sample():
    assert {media_type for _, media_type in TAKEN.values()} == set(MEDIA_TYPES)


@pytest.mark.parametrize("content", REFUSED.values(), ids=REFUSED)
def test_refused_content_is_of_no_accepted_type(content):
    assert media_type_of(content[:HEAD_BYTES]) not in MEDIA_TYPES


def test_arbitrary_bytes_have_a_media_type():
    chosen = random.Random(4)
    for content, _ in TAKEN.values():
        for _ in range(20):
            broken = bytearray(content[: chosen.randrange(1, len(content) + 1)])
            broken[chosen.randrange(len(broken))] = chosen.randrange(256)
            assert "/" in media_type_of(bytes(broken))
