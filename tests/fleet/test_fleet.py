"""Several hosts behind nginx do what was asked of them; each scene is described by its module."""

import os
import re
import subprocess

import pytest

from stack import paths
from stack.errors import StackError
from stack.fleet import network
from stack.fleet.scenes import SCENES
from tests.fleet.conftest import REQUESTS

real = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.exclusive]


def marked(function):
    """A test on the real fleet, which runs when no other test loads the machine."""
    for mark in real:
        function = mark(function)
    return function


@marked
@pytest.mark.parametrize("name", [scene.name for scene in SCENES])
def test_scene_shows_what_was_asked(run, name):
    assert run["seen"][name]["passed"], f"{run['seen'][name]['text']}\n{run['table']}"


@marked
def test_rolling_update_lost_no_request(run):
    assert f"0 failed of {REQUESTS:,} requests" in run["seen"]["rolling-update"]["text"]


@marked
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


def test_without_root_it_is_one_line(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(StackError) as caught:
        network.require()
    assert f"{caught.value}" == (
        "a fleet needs root, for network namespaces: run it as root, as CI does"
    )
