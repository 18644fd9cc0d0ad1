"""The Dockerfile: hadolint, copied files, user, and the health check."""

import http.server
import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy import files
from tests.support.polling import TIMEOUT_SECONDS
from tests.support.served import served

LINES = re.sub(r"\\\n\s*", "", files.without_comments("Dockerfile")).splitlines()
STAGES = [part.splitlines() for part in re.split(r"(?m)^(?=FROM )", "\n".join(LINES))[1:]]


def instructions(name: str, lines: list[str] = LINES) -> list[str]:
    return [line.removeprefix(name).strip() for line in lines if line.startswith(name + " ")]


def hadolint(dockerfile: Path) -> tuple[int, str]:
    binary = Path(sys.executable).parent / "hadolint"
    done = subprocess.run(
        [binary, dockerfile], capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
    )
    return done.returncode, done.stdout


def test_hadolint_finds_nothing() -> None:
    assert hadolint(files.ROOT / "Dockerfile") == (0, "")


def test_hadolint_finds_a_floating_tag(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM python:latest\n")
    status, output = hadolint(tmp_path / "Dockerfile")
    assert (status, "DL3007" in output) == (1, True)


def test_base_image_is_pinned_and_the_same_in_both_stages() -> None:
    assert instructions("ARG") == ["PYTHON_IMAGE=python:3.11.14-slim-trixie"]
    assert instructions("FROM") == ["${PYTHON_IMAGE} AS packages", "${PYTHON_IMAGE}"]


def test_image_has_the_python_of_the_tests() -> None:
    assert instructions("ARG")[0].startswith(
        f"PYTHON_IMAGE=python:{sys.version_info.major}.{sys.version_info.minor}."
    )


def test_copied_folders_exist_and_are_the_whole_build_context() -> None:
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


def test_last_stage_only_runs_the_service() -> None:
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
    assert instructions("RUN", last) == [
        "python -m compileall -q telemetry service"
        " && install -d -o 10001 -g 10001 /var/log/serene /var/lib/serene"
    ]
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
    """The management port of a worker whose liveness route answers with the test's status."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(request.param if self.path == "/health/liveness" else 404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Log nothing."""

    with served(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as port:
        yield port


def run_health_check(port: int, **environ: str) -> int:
    command = [sys.executable, *health_check()[1:]]
    done = subprocess.run(
        command,
        cwd=files.ROOT,
        env={"TELEMETRY_MANAGEMENT_PORT": str(port), "WEB_CONCURRENCY": "1", **environ},
        capture_output=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert done.stderr == b""
    return done.returncode


@pytest.mark.parametrize(("liveness", "status"), [(200, 0), (503, 1)], indirect=["liveness"])
def test_health_check_fails_when_liveness_does(liveness: int, status: int) -> None:
    assert health_check()[0] == "python"
    assert run_health_check(liveness) == status


@pytest.mark.parametrize("host", ["", "0.0.0.0", "127.0.0.1", "localhost"])
@pytest.mark.parametrize("liveness", [200], indirect=True)
def test_health_check_asks_where_the_management_ports_listen(liveness: int, host: str) -> None:
    assert run_health_check(liveness, TELEMETRY_MANAGEMENT_HOST=host) == 0


@pytest.mark.parametrize("liveness", [200], indirect=True)
def test_one_live_worker_is_enough(liveness: int) -> None:
    assert run_health_check(liveness - 1, WEB_CONCURRENCY="2") == 0


def test_health_check_fails_without_a_listener() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert run_health_check(unused.getsockname()[1]) == 1
