"""Detection of a file's type from its first bytes."""

import random

import pytest

from service.files.accepted_uploads import ACCEPTED_MEDIA_TYPES
from service.files.type_detection import HEAD_BYTES, detect_media_type
from tests.service.files.samples import ACCEPTED, REFUSED


@pytest.mark.parametrize(("content", "media_type"), ACCEPTED.values(), ids=ACCEPTED)
def test_accepted_content_is_detected(content, media_type):
    assert detect_media_type(content[:HEAD_BYTES]) == media_type


def test_every_accepted_type_has_a_sample():
    assert {media_type for _, media_type in ACCEPTED.values()} == set(ACCEPTED_MEDIA_TYPES)


@pytest.mark.parametrize("content", REFUSED.values(), ids=REFUSED)
def test_refused_content_is_of_no_accepted_type(content):
    assert detect_media_type(content[:HEAD_BYTES]) not in ACCEPTED_MEDIA_TYPES


def test_arbitrary_bytes_have_a_media_type():
    chosen = random.Random(4)
    for content, _ in ACCEPTED.values():
        for _ in range(20):
            broken = bytearray(content[: chosen.randrange(1, len(content) + 1)])
            broken[chosen.randrange(len(broken))] = chosen.randrange(256)
            assert "/" in detect_media_type(bytes(broken))
