"""The pictures of docs/architecture.md are what their source writes, and the page shows each."""

import re
import subprocess
import sys
from xml.etree import ElementTree

from tests.architecture.sources import ROOT

IMAGES = ROOT / "docs" / "images"
PAGE = (ROOT / "docs" / "architecture.md").read_text()


def test_committed_pictures_are_what_their_source_writes(tmp_path):
    subprocess.run([sys.executable, "docs/pictures.py", str(tmp_path)], cwd=ROOT, check=True)
    written = {file.name: file.read_text() for file in tmp_path.iterdir()}
    assert len(written) == 3
    committed = {name: (IMAGES / name).read_text() for name in written}
    assert written == committed, "run: python docs/pictures.py"


def test_page_shows_every_picture_and_links_to_files_that_exist():
    linked = [path.partition("#")[0] for path in re.findall(r"\]\(((?!http|#)[^)]+)\)", PAGE)]
    assert {"images/rooms.svg", "images/request.svg", "images/signals.svg"} <= set(linked)
    assert [path for path in linked if not (ROOT / "docs" / path).exists()] == []


def test_picture_is_described_for_those_who_cannot_see_it():
    for file in sorted(IMAGES.glob("*.svg")):
        root = ElementTree.parse(file).getroot()
        described = [child.tag.partition("}")[2] for child in root if child.text]
        assert described[:2] == ["title", "desc"], file.name
