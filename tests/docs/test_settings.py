"""The page of settings says what the settings are."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_page_of_settings_is_what_the_settings_say():
    environment = {"PATH": "/usr/bin:/bin"}  # nothing of ours: the page tells defaults
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
