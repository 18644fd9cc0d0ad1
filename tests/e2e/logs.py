"""Lines of a service's JSON log."""

import json
from pathlib import Path
from typing import Any

from tests.e2e.polling import poll


def log_lines(path: Path, **members: Any) -> list[dict[str, Any]]:
    """Return the JSON lines of a log that have these members."""
    lines = []
    for text in path.read_text(errors="replace").splitlines(keepends=True):
        # The last one may be in the middle of being written.
        if text.startswith("{") and text.endswith("\n"):
            line = json.loads(text)
            if members.items() <= line.items():
                lines.append(line)
    return lines


def access_line(path: Path, request_id: str) -> dict[str, Any]:
    """Return the one access log line of a request, once it is written."""
    (line,) = poll(
        lambda: log_lines(path, request_id=request_id, logger="access"),
        what=f"the access log line of {request_id}",
    )
    return line
