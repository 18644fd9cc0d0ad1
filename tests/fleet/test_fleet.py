"""Several hosts behind nginx do what was asked of them; each scene is described by its module."""

import re
import subprocess

import pytest

from stack import paths
from stack.fleet.scenes import SCENES
from tests.fleet.conftest import REQUESTS

# On the real fleet, when no other test loads the machine.
pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.exclusive]


@pytest.mark.parametrize("name", [scene.name for scene in SCENES])
def test_scene_shows_what_was_asked(run, name):
    assert run["seen"][name]["passed"], f"{run['seen'][name]['text']}\n{run['table']}"


def test_rolling_update_lost_no_request(run):
    assert f"0 failed of {REQUESTS:,} requests" in run["seen"]["rolling-update"]["text"]


def test_table_names_every_scene_and_nothing_is_left(run):
    assert run["code"] == 0
    assert list(run["seen"]) == [scene.name for scene in SCENES]
    assert all(re.search(rf"^{scene.name} .*pass", run["table"], re.M) for scene in SCENES)
    listed = [("ip", "netns"), ("ip", "-o", "link", "show", "type", "bridge")]
    left = "".join(
        subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout
        for command in listed
    )
    pids = {int(pid) for pid in re.findall(r"\bsf(\d+)\b", left)}
    assert all(paths.Path(f"/proc/{pid}").exists() for pid in pids)
