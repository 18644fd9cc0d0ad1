"""Slugs of titles."""

import re
from itertools import islice

import pytest

from service.blog.slugs import LONGEST_BASE, slugs
from tests.service.text.names import TAKEN


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Naps, without regret!", "naps-without-regret"),
        ("Über das Schlafen", "uber-das-schlafen"),
        ("睡眠", "shui-mian"),
        ("\uff53leep", "sleep"),
        ("Straße", "strasse"),
        ("İyi geceler", "iyi-geceler"),
        ("김연아", "gimyeona"),
        ("สมชาย", "smchaay"),
        ("𐍅𐌿𐌻𐍆", "post"),
        ("a/../b\\c?d#e", "a-b-c-d-e"),
        ("🙂🙂", "post"),
        ("---", "post"),
        ("word " * 40, "-".join(["word"] * 16)),
        ("x" * 200, "x" * 80),
    ],
)
def test_a_title_has_a_slug(title, slug):
    assert next(slugs(title)) == slug


@pytest.mark.parametrize("title", [stored for _, stored in TAKEN.values()], ids=TAKEN)
def test_a_title_of_any_script_has_slugs_of_letters_and_digits(title):
    found = list(islice(slugs(title), 60))
    assert len(set(found)) == 60
    assert all(re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", slug) for slug in found)
    assert max(map(len, found)) <= LONGEST_BASE + 9


def test_taken_slugs_are_numbered_and_then_random():
    found = list(islice(slugs("Naps"), 60))
    assert found[:50] == ["naps", *(f"naps-{number}" for number in range(2, 51))]
    assert len(set(found)) == 60
    assert all(len(slug) == len("naps-") + 8 for slug in found[50:])
