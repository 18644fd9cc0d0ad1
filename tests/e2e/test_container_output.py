"""The service as its container runs it: every line on standard output, in the files and in Loki."""

import json
import signal
import subprocess
import sys
from collections import Counter

import pytest
import requests

from stack import paths
from tests.deploy import files
from tests.e2e.conftest import QUICK
from tests.e2e.polling import poll
from tests.support.loki import query_lines
from tests.support.polling import TIMEOUT_SECONDS, wait_until_equal

pytestmark = pytest.mark.e2e

# Both files together have room for all lines of the test.
FILE_BYTES = 60_000
REQUESTS = 150


@pytest.fixture
def backends(own_stack, tmp_path):
    log = tmp_path / "service.log"
    read = {"SERVICE_LOG_FILES": json.dumps([str(log), f"{log}.1"])}
    # Without Prometheus the Collector retries until it is killed when it is stopped.
    for name in ("loki", "prometheus", "collector"):
        own_stack.start(name, env=read if name == "collector" else None)
        own_stack.wait_ready(name)
    return own_stack


def start_as_container(stack, log, output):
    """Run the Compose file's command of the service, with these files in place of the volume's."""
    _, _, _, python, program, _, _, gunicorn, *arguments = files.services()["service"]["entrypoint"]
    assert (python, program.rpartition("/")[2]) == ("python", "output_log.py")
    return subprocess.Popen(
        [
            *(sys.executable, "stack/output_log.py", str(log), str(FILE_BYTES)),
            *(str(paths.ROOT / ".venv/bin" / gunicorn), *arguments),
        ],
        cwd=paths.ROOT,
        env=stack.environment("service") | QUICK,
        stdout=output,
        stderr=subprocess.STDOUT,
    )


def test_every_line_is_in_loki_also_those_of_the_end_and_over_a_full_file(backends, tmp_path):
    log, copy = tmp_path / "service.log", tmp_path / "stdout"
    url = f"{backends.url('service')}/api/v1/health/liveness"
    with copy.open("wb") as output:
        process = start_as_container(backends, log, output)
    try:
        poll(lambda: requests.get(url, timeout=60).status_code == 200, what="a live service")
        for _ in range(REQUESTS):
            assert requests.get(url, timeout=60).status_code == 200
    finally:
        process.send_signal(signal.SIGTERM)
        status = process.wait(TIMEOUT_SECONDS)
    before = (tmp_path / "service.log.1").read_text()
    assert (status, before + log.read_text()) == (0, copy.read_text())
    lines = Counter(copy.read_text().splitlines())
    assert sum('"logger":"access"' in line for line in lines) >= REQUESTS
    wait_until_equal(
        lambda: Counter(
            line.text for line in query_lines(backends.url("loki"), '{service_name="serene"}')
        ),
        lines,
        interval_seconds=0.2,
    )
