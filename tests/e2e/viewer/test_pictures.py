"""Each page is like its committed picture: fixed data, a fixed moment, both themes."""

from pathlib import Path

import pytest
from PIL import Image

from tests.e2e.viewer.shots import FOLDER, SHOTS, THEMES, Drawing, Shot, drawn
from tests.support.pictures import compare, reduced, save

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

MOST_BYTES = 4 * 1024**2
RENEW = "python -m tests.e2e.viewer.renew"


@pytest.mark.parametrize("shot", SHOTS, ids=lambda shot: shot.name)
def test_page_is_like_its_picture(fixed_context, shot: Shot, tmp_path):
    flaws = [
        flaw
        for theme, drawing in drawn(fixed_context, shot)
        if (flaw := flaw_of(drawing, shot.file(theme), tmp_path))
    ]
    assert flaws == [], f"if the new appearance is right: {RENEW} {shot.name}"


def flaw_of(drawing: Drawing, committed: Path, folder: Path) -> str:
    """Return how a page differs from its picture; empty where it does not."""
    expected = Image.open(committed)
    if compare(expected, reduced(drawing.png())) is None:
        return ""
    # An icon or a canvas may have come a frame later: what counts is the page that has settled.
    actual = reduced(drawing.steady())
    difference = compare(expected, actual)
    if difference is None:
        return ""
    save(actual, folder / committed.name)
    drawn_difference = folder / f"{committed.stem}-difference.png"
    save(difference.picture, drawn_difference)
    return f"{committed.name}: {difference}; see {drawn_difference}"


def test_pictures_are_of_the_pages_and_small():
    files = set(FOLDER.iterdir())
    assert files == {shot.file(theme) for shot in SHOTS for theme in THEMES}
    assert sum(file.stat().st_size for file in files) < MOST_BYTES
