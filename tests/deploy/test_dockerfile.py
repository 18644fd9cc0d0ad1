"""The Dockerfile.

What hadolint says, what is copied, who runs it, and that its health check can tell.
"""

import http.server
import json
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy import files
from tests.machine import PATIENCE_SECONDS

LINES = re.sub(r"\\\n\s*", "", files.without_comments("Dockerfile")).splitlines()
STAGES = [part.splitlines() for part in re.split(r"(?m)^(?=FROM )", "\n".join(LINES))[1:]]


def instructions(name: str, lines: list[str] = LINES) -> list[str]:
    return [line.removeprefix(name).strip() for line in lines if line.startswith(name + " ")]


def hadolint(dockerfile: Path) -> tuple[int, str]:
    binary = Path(sys.executable).parent / "hadolint"
    done = subprocess.run(
        [binary, dockerfile], capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
    )
    return done.returncode, done.stdout


def test_hadolint_finds_nothing() -> None:
    assert hadolint(files.ROOT / "Dockerfile") == (0, "")


def test_hadolint_would_find_a_floating_tag(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM python:latest\n")
    status, said = hadolint(tmp_path / "Dockerfile")
    assert (status, "DL3007" in said) == (1, True)


def test_base_image_is_pinned_and_the_same_in_both_stages() -> None:
    assert instructions("ARG") == ["PYTHON_IMAGE=python:3.11.14-slim-trixie"]
    assert instructions("FROM") == ["${PYTHON_IMAGE} AS packages", "${PYTHON_IMAGE}"]


def test_image_has_the_python_that_tests_run_on() -> None:
    assert instructions("ARG")[0].startswith(
        f"PYTHON_IMAGE=python:{sys.version_info.major}.{sys.version_info.minor}."
    )


def test_what_is_copied_exists_and_is_all_that_the_builder_gets() -> None:
    sources = {
        source.split()[0].rstrip("/")
        for source in instructions("COPY")
        if not source.startswith("--from=")
    }
    assert sources == {"requirements.txt", "telemetry", "service"}
    assert [source for source in sources if not (files.ROOT / source).exists()] == []
    ignore = [
        line
        for line in files.text(".dockerignore").splitlines()
        if line and not line.startswith("#")
    ]
    assert ignore[0] == "*"
    assert {line[1:] for line in ignore if line.startswith("!")} == sources


def test_last_stage_only_runs() -> None:
    last = STAGES[-1]
    assert instructions("USER", last) == ["10001:10001"]
    assert instructions("STOPSIGNAL", last) == ["SIGTERM"]
    assert json.loads(instructions("ENTRYPOINT", last)[0]) == [
        "gunicorn",
        "--config",
        "service/gunicorn_conf.py",
        "service.wsgi:app",
    ]
    assert instructions("CMD", last) == []
    assert instructions("RUN", last) == ["python -m compileall -q telemetry service"]
    assert last.index("USER 10001:10001") > max(
        index for index, line in enumerate(last) if line.startswith(("COPY", "RUN"))
    )


def test_nothing_is_compiled_or_installed_from_a_distribution() -> None:
    runs = " ".join(instructions("RUN"))
    assert "--only-binary=:all:" in runs
    assert re.findall(r"\b(apt|apt-get|apk|gcc|make|curl|wget)\b", runs) == []


def health_check() -> list[str]:
    (check,) = instructions("HEALTHCHECK")
    command: list[str] = json.loads(check[check.index("[") :])
    return command


@pytest.fixture
def liveness(request: pytest.FixtureRequest) -> Iterator[int]:
    """A server that answers the liveness route with the status asked for, and everything else with
    404; its port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(request.param if self.path == "/api/v1/health/liveness" else 404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def checked(port: int) -> int:
    command = [sys.executable, *health_check()[1:]]
    done = subprocess.run(
        command,
        env={"SERENE_PORT": str(port)},
        capture_output=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    return done.returncode


@pytest.mark.parametrize(("liveness", "status"), [(200, 0), (503, 1)], indirect=["liveness"])
def test_health_check_says_what_the_liveness_route_says(liveness: int, status: int) -> None:
    assert health_check()[0] == "python"
    assert checked(liveness) == status


def test_health_check_fails_when_nobody_listens() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert checked(unused.getsockname()[1]) == 1
