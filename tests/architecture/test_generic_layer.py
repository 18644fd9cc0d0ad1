"""``telemetry`` serves any service: nothing in it is named after this one."""

import re

import pytest

from telemetry import names
from tests.architecture import sources

OF_THE_SERVICE = re.compile(r"serene(?!-telemetry)|/api/v1", re.IGNORECASE)
"""``serene-telemetry`` is the layer's own name: of its distribution, and as a user agent."""


def mentions(text: str) -> list[str]:
    """Numbered lines that name the service or one of its paths."""
    return [
        f"{number}: {line.strip()}"
        for number, line in enumerate(text.splitlines(), 1)
        if OF_THE_SERVICE.search(line)
    ]


def test_telemetry_does_not_mention_the_service():
    found = {
        sources.name(path): mentions(path.read_text(encoding="utf-8"))
        for path in sources.files("telemetry")
    }
    assert {file: lines for file, lines in found.items() if lines} == {}


def test_no_metric_of_telemetry_is_named_after_the_service():
    assert names.ALL
    assert [one.name for one in names.ALL if one.name.startswith("serene")] == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('NAME = "Serene"', ['1: NAME = "Serene"']),
        ("# as in /api/v1/health", ["1: # as in /api/v1/health"]),
        ("pip install serene-telemetry[mongo]", []),
    ],
)
def test_mention_is_found(line, expected):
    assert mentions(line) == expected
