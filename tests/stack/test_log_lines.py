"""Where `serene trace` reads a request's lines, and how it asks Loki for them."""

import urllib.error
from pathlib import Path

import pytest

from stack import log_lines
from stack.runner import Stack

IDS = frozenset({"6f1c1f6e-8f7e-4a3b-9c1d-2e3f4a5b6c7d", "Root=1-67891233-abc"})


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    found = Stack(offset=1000, directory=tmp_path)
    found.log_path("service").parent.mkdir(parents=True)
    found.log_path("service").write_text('{"id":"Root=1-67891233-abc"}\n{"id":"another"}\n')
    return found


def test_query_has_each_id_as_plain_text() -> None:
    assert log_lines.line_query(IDS) == (
        '{service_name=~".+"} |~ "6f1c1f6e\\\\-8f7e\\\\-4a3b\\\\-9c1d\\\\-2e3f4a5b6c7d'
        '|Root=1\\\\-67891233\\\\-abc"'
    )


def test_stack_without_loki_reads_the_file(stack: Stack) -> None:
    assert log_lines.lines_of(stack, IDS, []) == ['{"id":"Root=1-67891233-abc"}']


@pytest.mark.parametrize("error", [urllib.error.URLError("refused"), TimeoutError(), ValueError()])
def test_file_is_read_when_loki_fails(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise error

    monkeypatch.setattr(stack, "pid", lambda _name: 1)
    monkeypatch.setattr(log_lines.urllib.request, "urlopen", fail)
    assert log_lines.lines_of(stack, IDS, [1]) == ['{"id":"Root=1-67891233-abc"}']
