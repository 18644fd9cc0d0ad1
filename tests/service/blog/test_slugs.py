"""Slugs of titles."""

from itertools import islice

import pytest

from service.blog.slugs import slugs


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Naps, without regret!", "naps-without-regret"),
        ("Über das Schlafen", "uber-das-schlafen"),
        ("睡眠", "shui-mian"),
        ("a/../b\\c?d#e", "a-b-c-d-e"),
        ("🙂🙂", "post"),
        ("---", "post"),
        ("word " * 40, "-".join(["word"] * 16)),
        ("x" * 200, "x" * 80),
    ],
)
def test_a_title_has_a_slug(title, slug):
    assert next(slugs(title)) == slug


def test_taken_slugs_are_numbered_and_then_random():
    found = list(islice(slugs("Naps"), 60))
    assert found[:50] == ["naps", *(f"naps-{number}" for number in range(2, 51))]
    assert len(set(found)) == 60
    assert all(len(slug) == len("naps-") + 8 for slug in found[50:])
