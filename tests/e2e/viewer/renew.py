"""``python -m tests.e2e.viewer.renew [name ...]``: write the committed pictures again.

Check each that has changed with your own eyes before it is committed.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from tests.e2e.viewer.fixed import served
from tests.e2e.viewer.shots import FOLDER, HEIGHT, SHOTS, THEMES, WIDTH, drawn
from tests.support import chromium, pictures
from tests.support.fixed_viewer.moment import NOW


def renew(names: Sequence[str]) -> None:
    """Write the pictures of some pages, or of all; those of pages that are gone are removed."""
    FOLDER.mkdir(exist_ok=True)
    with (
        served() as url,
        chromium.launched() as browser,
        chromium.at_moment(browser, url, NOW, WIDTH, HEIGHT) as context,
    ):
        for shot in SHOTS:
            if not names or shot.name in names:
                for theme, drawing in drawn(context, shot):
                    _renew(shot.file(theme), pictures.reduced(drawing.steady()))
    wanted = {shot.file(theme) for shot in SHOTS for theme in THEMES}
    for file in set(FOLDER.glob("*.png")) - wanted:
        file.unlink()


def _renew(file: Path, actual: Image.Image) -> None:
    """Write a picture, unless the committed one does not differ."""
    if not file.exists() or pictures.compare(Image.open(file), actual) is not None:
        pictures.save(actual, file)
        print(f"{file.name} is another one", flush=True)


if __name__ == "__main__":
    renew(sys.argv[1:])
