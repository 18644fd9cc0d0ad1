"""`./serene kubernetes`: a control plane of its own with an overlay, and nothing left of it."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from stack import paths
from tests.support.polling import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

START_SECONDS = 400.0
"""For what takes half a minute on an idle machine."""


@pytest.fixture
def started(tmp_path: Path) -> Iterator[tuple["subprocess.Popen[bytes]", Path]]:
    """The command with the dev overlay, and the file with what it prints."""
    printed = tmp_path / "printed"
    with (
        printed.open("wb") as output,
        subprocess.Popen(
            [sys.executable, str(paths.ROOT / "serene"), "kubernetes", "dev"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=os.environ | {"TMPDIR": str(tmp_path)},
        ) as process,
    ):
        try:
            yield process, printed
        finally:
            process.terminate()


def below(folder: Path) -> list[int]:
    """The processes that work in a folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if folder in Path(process.cwd()).parents:
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


def test_dev_overlay_runs_on_an_empty_cluster_until_the_command_ends(started, tmp_path):
    process, printed = started

    def greeting() -> str:
        assert process.poll() is None, printed.read_text()
        text = printed.read_text()
        return text if "Ctrl-C ends everything" in text else ""

    text = wait_until(greeting, timeout_seconds=START_SECONDS, what="its greeting")
    assert "Warning" not in text
    (configuration,) = re.findall(r"(?m)^export KUBECONFIG=(.+)$", text)
    (kubectl,) = re.findall(r"(?m)^alias kubectl=(.+)$", text)

    def phases() -> dict[str, str]:
        done = subprocess.run(
            [kubectl, f"--kubeconfig={configuration}", "get", "pods", "-A", "--output=json"],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        return {
            each["metadata"]["labels"]["app.kubernetes.io/name"]: each["status"]["phase"]
            for each in json.loads(done.stdout)["items"]
        }

    running = dict.fromkeys(("serene", "mongodb", "otelcol"), "Running")
    wait_until(lambda: phases() == running, what="running pods", interval_seconds=0.5)
    assert len(below(tmp_path)) == 5
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=120) == 0
    assert below(tmp_path) == []
    assert not Path(configuration).exists()
