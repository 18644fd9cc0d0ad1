"""When it is, and which request is slow: those of the recorded answers in viewer/tests/fixtures."""

from typing import Final

from stack import paths

FIXTURES: Final = paths.ROOT / "viewer" / "tests" / "fixtures"

NOW: Final = 1795740900
"""Seconds since 1970: 2026-11-27 00:55 UTC, after everything that was recorded."""

SLOW_AT: Final = 1795739837.277
SLOW_SECONDS: Final = 1.210792
REQUEST_ID: Final = "092faffb-9a35-4adc-8bb6-9db5c713381c"
TRACE_ID: Final = REQUEST_ID.replace("-", "")

MANY_SPANS_TRACE_ID: Final = "5e7ea000000000000000000000001000"
MANY_SPANS: Final = 1000
