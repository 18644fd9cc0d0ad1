"""The committed page of causes has a section for each, in which each place names what it must."""

import re

import pytest

from tests.architecture.sources import ROOT
from tests.e2e.causes.places import PLACES
from tests.e2e.causes.table import CAUSES, WHERE_ALLOWED

ADVICE = "run: python docs/causes.py > docs/causes.md"
SECTIONS = {
    title: dict(re.findall(r"^(\w+):\n```text\n(.*?)\n```", text, re.MULTILINE | re.DOTALL))
    for title, text in re.findall(
        r"^## ([^\n]+)\n(.*?)(?=^## |\Z)",
        (ROOT / "docs" / "causes.md").read_text(),
        re.MULTILINE | re.DOTALL,
    )
}


def test_page_has_a_section_for_each_cause():
    titles = [cause.title for cause in CAUSES]
    assert [title for title in SECTIONS if title in titles] == titles, ADVICE
    assert set(SECTIONS) - set(titles) <= {cause.title for cause in WHERE_ALLOWED}, ADVICE


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.title)
def test_each_place_names_the_cause(cause):
    section = SECTIONS[cause.title]
    assert tuple(section) == PLACES, ADVICE
    for place in PLACES:
        for pattern in (cause.phase, *cause.patterns(place)):
            assert re.search(pattern, section[place]), f"{place}: {pattern}: {ADVICE}"
