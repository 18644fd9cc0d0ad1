"""The gauge that shows whether workers report at all, for queries that are 0 without an event."""

from typing import Final

from dashboards.promql import series
from telemetry import names

READY: Final = series(names.SERVICE_STATE, 'state="ready"')
"""1 or 0 for every worker that exposes metrics; ``reporting`` of ``promql.or_zero``."""
