"""The vendored Swagger UI is unchanged, complete and of the version that its README names."""

import hashlib
import re

from service.system.documentation import ASSETS, FOLDER

SUMS = dict(reversed(line.split()) for line in (FOLDER / "SHA256SUMS").read_text().splitlines())


def test_vendored_files_match_their_recorded_sums():
    found = {name: hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() for name in SUMS}
    assert found == SUMS


def test_every_served_file_and_the_licence_are_recorded_and_nothing_else_is_vendored():
    assert {*ASSETS, "LICENSE", "NOTICE"} < set(SUMS)
    assert {file.name for file in FOLDER.iterdir()} == {*SUMS, "SHA256SUMS", "README.md"}


def test_readme_names_the_version_of_the_bundle():
    bundle = (FOLDER / "swagger-ui-bundle.js").read_text(encoding="utf-8")
    (version,) = set(re.findall(r'PACKAGE_VERSION:"([\d.]+)"', bundle))
    assert f"swagger-ui-dist) {version}," in (FOLDER / "README.md").read_text()


def test_style_loads_nothing_from_elsewhere():
    style = (FOLDER / "swagger-ui.css").read_text(encoding="utf-8")
    assert set(re.findall(r"url\(\"?(\w+):", style)) == {"data"}
    assert "@import" not in style
