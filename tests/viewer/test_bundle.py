"""The committed bundle: what its source builds, small, licensed; and the viewer's own tests."""

import gzip
import hashlib
from pathlib import Path

import pytest

from tests.support.viewer_packages import VIEWER, installed, npm

BUNDLE = VIEWER / "dist"
MOST_BYTES = 5 * 1024**2


def hashes(folder: Path) -> dict[str, str]:
    return {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in folder.rglob("*")
        if file.is_file()
    }


@pytest.fixture(scope="module")
def packages() -> Path:
    return installed()


@pytest.mark.e2e
@pytest.mark.slow
def test_committed_bundle_is_what_its_source_builds(packages, tmp_path):
    npm("run", "build", "--", "--outDir", str(tmp_path / "dist"), "--emptyOutDir")
    assert hashes(tmp_path / "dist") == hashes(BUNDLE), "run: npm ci && npm run build, in viewer/"


@pytest.mark.e2e
@pytest.mark.slow
def test_types_are_right(packages):
    npm("run", "check")


@pytest.mark.e2e
@pytest.mark.slow
def test_logic(packages):
    assert "failed" not in npm("test", NO_COLOR="1")


def test_bundle_is_small():
    sizes = [len(gzip.compress(file.read_bytes())) for file in BUNDLE.rglob("*") if file.is_file()]
    assert sum(sizes) < MOST_BYTES


def test_notices_name_grafanas_libraries_and_no_copyleft():
    notices = (BUNDLE / "licences.txt").read_text(encoding="utf-8")
    for name in ("data", "i18n", "schema", "ui"):
        assert f"@grafana/{name} 13.2.2\nLicence: Apache-2.0\n" in notices
    licences = {
        line.removeprefix("Licence: ") for line in notices.splitlines() if line.startswith("Lic")
    }
    assert not [one for one in licences if "GPL" in one]


def test_page_has_no_inline_script():
    page = (BUNDLE / "index.html").read_text(encoding="utf-8")
    assert page.count("<script") == 2
    assert [tag for tag in page.split("<script")[1:] if "></script>" not in tag] == []
