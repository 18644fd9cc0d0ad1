"""gunicorn's own log lines as JSON."""

import json
import logging
import sys

from telemetry.gunicorn.logging import JsonFormatter


def formatted(*args, exc_info=None):
    record = logging.LogRecord("gunicorn.error", logging.WARNING, __file__, 1, *args, exc_info)
    record.created, record.process = 1_700_000_000.25, 42
    return JsonFormatter().format(record)


def test_record_is_one_json_line():
    line = {
        "time": "2023-11-14T22:13:20.250000Z",
        "level": "WARNING",
        "logger": "gunicorn.error",
        "message": "Wörker 7\n",
        "pid": 42,
    }

    assert json.loads(formatted("Wörker %s\n", (7,))) == line
    assert "\n" not in formatted("Wörker %s\n", (7,))


def test_exception_is_part_of_its_line():
    try:
        {}["lost"]
    except KeyError:
        line = formatted("failed", (), exc_info=sys.exc_info())

    exception = json.loads(line)["exception"]
    assert (exception["type"], exception["message"]) == ("KeyError", "'lost'")
    assert exception["stack"].endswith("KeyError: 'lost'")
    assert "\n" not in line
