"""gunicorn's own lines, whole."""

import json
import logging
import sys

from telemetry.gunicorn.logging import JsonFormatter


def formatted(*args, exc_info=None):
    record = logging.LogRecord("gunicorn.error", logging.WARNING, __file__, 1, *args, exc_info)
    record.created, record.process = 1_700_000_000.25, 42
    return JsonFormatter().format(record)


def test_a_line():
    line = {
        "time": "2023-11-14T22:13:20.250000Z",
        "level": "WARNING",
        "logger": "gunicorn.error",
        "message": "Wörker 7\n",
        "pid": 42,
    }

    assert json.loads(formatted("Wörker %s\n", (7,))) == line
    assert "\n" not in formatted("Wörker %s\n", (7,))


def test_an_exception_is_in_its_line():
    try:
        raise KeyError("lost")
    except KeyError:
        line = formatted("failed", (), exc_info=sys.exc_info())

    exception = json.loads(line)["exception"]
    assert (exception["type"], exception["message"]) == ("KeyError", "'lost'")
    assert exception["stack"].endswith("KeyError: 'lost'")
    assert "\n" not in line
