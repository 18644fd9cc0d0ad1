"""The receiver of notifications: each is one line on disk before it is acknowledged."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from stack.notification_log import MAX_BODY_BYTES, NotificationLog, Server
from tests.support.served import served


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log" / "alerts.jsonl"


@pytest.fixture
def url(path: Path) -> Iterator[str]:
    with served(Server(("127.0.0.1", 0), NotificationLog(path))) as port:
        yield f"http://127.0.0.1:{port}"


def test_notification_is_a_line(url: str, path: Path) -> None:
    for status in ("firing", "resolved"):
        answer = requests.post(f"{url}/alerts", json={"status": status, "é": 1}, timeout=60)
        assert (answer.status_code, answer.content) == (204, b"")
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [(line["status"], line["é"]) for line in lines] == [("firing", 1), ("resolved", 1)]
    assert all(line["received"].endswith("+00:00") for line in lines)
    assert requests.get(f"{url}/alerts", timeout=60).content == path.read_bytes()
    assert requests.get(f"{url}/health", timeout=60).status_code == 200


@pytest.mark.parametrize(
    ("target", "body", "status"),
    [("/other", b"{}", 404), ("/alerts", b"no json", 400), ("/alerts", b"[1]", 400)],
)
def test_what_is_no_notification_is_refused(
    url: str, path: Path, target: str, body: bytes, status: int
) -> None:
    assert requests.post(f"{url}{target}", data=body, timeout=60).status_code == status
    assert path.read_bytes() == b""


def test_too_large_a_body_is_not_read(url: str, path: Path) -> None:
    headers = {"Content-Length": str(MAX_BODY_BYTES + 1)}
    assert requests.post(f"{url}/alerts", headers=headers, timeout=60).status_code == 413
    assert path.read_bytes() == b""


def test_notification_that_cannot_be_written_is_not_acknowledged(url: str, path: Path) -> None:
    path.unlink()
    path.mkdir()
    assert requests.post(f"{url}/alerts", json={}, timeout=60).status_code == 503


def test_long_file_is_begun_anew(path: Path) -> None:
    log = NotificationLog(path, max_bytes=10)
    for number in range(3):
        log.append({"number": number})
    assert [json.loads(path.read_text())["number"], len(list(path.parent.iterdir()))] == [2, 2]
