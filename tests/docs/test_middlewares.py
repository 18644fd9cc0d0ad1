"""The table of the middlewares: eight, in order, with switches that exist and files that are there."""

import re

from service.config import ServiceConfig
from telemetry.config import TelemetryConfig
from tests.architecture.sources import ROOT

PAGE = ROOT / "docs" / "middlewares.md"
ROWS = [[cell.strip() for cell in row.strip("|").split("|")] for row in re.findall(r"^\| \d .*$", PAGE.read_text(), flags=re.MULTILINE)]
SWITCHES = {field.alias for group in (ServiceConfig, TelemetryConfig) for field in group.model_fields.values() if field.annotation is bool}


def test_there_are_eight_in_order():
    assert [row[0] for row in ROWS] == [str(number) for number in range(1, 9)]


def test_each_has_a_switch_that_is_a_setting():
    switches = [set(re.findall(r"`([A-Z_]+)`", row[2])) for row in ROWS]
    assert all(switches)
    assert set().union(*switches) == SWITCHES - {"TELEMETRY_STRICT", "TELEMETRY_CPU_PHASE", "TELEMETRY_LOG_QUERY_VALUES"}


def test_each_names_its_code_and_its_tests():
    named = [[re.findall(r"\]\(([^)]+)\)", cell) for cell in row[3:5]] for row in ROWS]
    assert all(code and tests for code, tests in named)
    assert [path for code, tests in named for path in code + tests if not (PAGE.parent / path).is_file()] == []
