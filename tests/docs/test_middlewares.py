"""The table of the middlewares: eight, in order, with switches and files that exist."""

import re

from service.rate_limits.settings import RateLimitSettings
from service.settings import ServiceSettings
from telemetry.config import TelemetryConfig
from tests.architecture.sources import ROOT

PAGE = ROOT / "docs" / "middlewares.md"
ROWS = [
    [cell.strip() for cell in row.strip("|").split("|")]
    for row in re.findall(r"^\| \d .*$", PAGE.read_text(), flags=re.MULTILINE)
]
SWITCHES = {
    field.alias
    for group in (*ServiceSettings.groups().values(), TelemetryConfig)
    for field in group.model_fields.values()
    if field.annotation is bool
}


def test_there_are_eight_in_order():
    assert [row[0] for row in ROWS] == [str(number) for number in range(1, 9)]


def test_each_has_a_switch_that_is_a_setting():
    switches = [set(re.findall(r"`([A-Z_]+)`", row[2])) for row in ROWS]
    assert all(switches)
    others = {
        "RATE_LIMITS",
        "OTEL_SDK_DISABLED",
        "TELEMETRY_KEEP_FAILED_AND_SLOW",
        "TELEMETRY_STRICT",
        "TELEMETRY_FAULTS",
        "TELEMETRY_CPU_PHASE",
        "TELEMETRY_LOG_QUERY_VALUES",
        "TELEMETRY_SNAPSHOTS",
        "TELEMETRY_DEBUG_LINES",
        "TELEMETRY_MONGO_COMMENT",
        "TELEMETRY_MONGO_YIELDING_POOL",
        "MONGODB_CREATE_INDEXES",
    }
    assert set().union(*switches) == SWITCHES - others


def test_each_names_its_code_and_its_tests():
    named = [[re.findall(r"\]\(([^)]+)\)", cell) for cell in row[3:5]] for row in ROWS]
    assert all(code and tests for code, tests in named)
    assert [
        path for code, tests in named for path in code + tests if not (PAGE.parent / path).is_file()
    ] == []


def test_section_on_rate_limits_names_every_setting_and_files_that_exist():
    section = PAGE.read_text().partition("## Rate limits")[2].partition("\n## ")[0]
    assert set(re.findall(r"`((?:RATE_LIMIT|REDIS)[A-Z_]*)[`=]", section)) == {
        field.alias for field in RateLimitSettings.model_fields.values()
    }
    assert [
        path for path in re.findall(r"\]\(([^)]+)\)", section) if not (PAGE.parent / path).is_file()
    ] == []
