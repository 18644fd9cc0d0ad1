"""Loki's answers: lines that a selector and its filters choose, and numbers of lines.

Source: Loki's documentation, "HTTP API" and "Log queries".
"""

import json
import re
from typing import Any, Final

from tests.support.fixed_viewer.moment import FIXTURES, NOW, REQUEST_ID, TRACE_ID
from tests.support.fixed_viewer.prometheus import Form, target_of, vector

Stream = dict[str, Any]

_LABEL: Final = re.compile(r'(level|scope_name)=~"([^"]*)"')
_FILTER: Final = re.compile(r'\|([=~]) ("(?:[^"\\]|\\.)*")')
_FAULTS: Final = "serene-stack"


def answer(path: str, form: Form) -> object:
    """Return the JSON of an answer.

    Raises: UnknownQueryError for numbers that are on no board.
    """
    query = form["query"]
    if _FAULTS in query:
        return _success("streams", _faults())
    if query.startswith("{"):
        return _success("streams", _chosen(query))
    if path.endswith("/query_range"):
        return _fixture("loki-volume.json")
    return _success("vector", vector(target_of(query), NOW))


def _success(kind: str, result: object) -> object:
    return {"status": "success", "data": {"resultType": kind, "result": result}}


def _fixture(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FIXTURES / name).read_text(encoding="utf-8"))
    return found


def _chosen(query: str) -> list[Stream]:
    streams = [*_fixture("loki-lines.json")["data"]["result"], *_more()]
    labels = _LABEL.findall(query)
    filters = [(kind, json.loads(text)) for kind, text in _FILTER.findall(query)]
    as_messages = "| line_format" in query
    return [
        _as_message(stream) if as_messages else stream
        for stream in streams
        if all(re.fullmatch(text, stream["stream"][name]) for name, text in labels)
        and all(_contains(stream["values"][0][1], kind, text) for kind, text in filters)
    ]


def _as_message(stream: Stream) -> Stream:
    """Return a line whose text is its message, and whose other members are labels."""
    ((at, text),) = stream["values"]
    members = {
        re.sub(r"\W", "_", name): str(value)
        for name, value in json.loads(text).items()
        if not isinstance(value, dict | list)
    }
    return {"stream": {**members, **stream["stream"]}, "values": [[at, members["message"]]]}


def _contains(line: str, kind: str, text: str) -> bool:
    return text in line if kind == "=" else re.search(text, line) is not None


def _more() -> list[Stream]:
    """Return lines of kinds that the recorded request did not write."""
    ids = {"request_id": REQUEST_ID, "trace_id": TRACE_ID}
    slow = "slow command: {} at 127.0.0.1:27017 took {:.3f} s on the wire"
    return [
        _line(1063, "WARNING", "telemetry.slow_commands", slow.format("find posts", 0.589), ids),
        _line(1500, "WARNING", "telemetry.slow_commands", slow.format("aggregate bookings", 0.311)),
        _line(
            1062,
            "INFO",
            "telemetry.slow_commands",
            "plan of find posts {published: ?}: COLLSCAN, 2000 documents examined, 20 returned",
        ),
        _line(
            1320,
            "WARNING",
            "telemetry.hub",
            "hub held for 0.412 s (shared) by GET /api/v1/blog/posts/{slug}"
            " at service/blog/markdown.py:64 render",
        ),
        _line(
            1710,
            "WARNING",
            "telemetry.slow",
            "slow request: POST /api/v1/companion/messages took 2.104 s, most of it in external",
        ),
        _line(1450, "ERROR", "service.companion", "the model answered 503 after 3 attempts"),
        _line(1290, "ERROR", "service.mongo", "find posts failed: NetworkTimeout after 5.0 s"),
        _line(3010, "INFO", "telemetry.lifecycle", "state starting -> ready after 1.9 s"),
        _line(3030, "INFO", "gunicorn.error", "Booting worker with pid: 5208"),
        _line(3060, "WARNING", "telemetry.lifecycle", "state ready -> draining: SIGTERM"),
    ]


def _line(
    before: float, level: str, logger: str, message: str, ids: dict[str, str] | None = None
) -> Stream:
    """Return a line that was written a number of seconds before now."""
    line = {"level": level, "logger": logger, "message": message, **(ids or {})}
    labels = {
        "service_name": "serene",
        "service_instance_id": "web-1/0",
        "level": level,
        "scope_name": logger,
        **(ids or {}),
    }
    return {"stream": labels, "values": [[_nanoseconds(before), json.dumps(line)]]}


def _faults() -> list[Stream]:
    return [
        {
            "stream": {"event": event, "fault": "slow-mongodb"},
            "values": [[_nanoseconds(before), "{}"]],
        }
        for event, before in (("fault pressed", 1740.0), ("fault released", 1140.0))
    ]


def _nanoseconds(before: float) -> str:
    return str(int((NOW - before) * 1000) * 1_000_000)
