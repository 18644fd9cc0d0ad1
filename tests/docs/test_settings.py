"""The committed page of settings is generated from the settings."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_committed_page_is_what_the_settings_generate():
    environment = {"PATH": "/usr/bin:/bin"}  # no setting: the page lists defaults
    written = subprocess.run(
        [sys.executable, "docs/settings.py"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert written == (ROOT / "docs/settings.md").read_text(), (
        "run: python docs/settings.py > docs/settings.md"
    )
    assert "None" not in written, "a setting has no description"
