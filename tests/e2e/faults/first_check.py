"""The queries of a runbook's first check, followed while its fault is on."""

from typing import Final

from stack import paths
from stack.runner import Stack
from tests.e2e.metrics import query
from tests.support.runbooks import blocks

_ZERO: Final = {"0", "-0"}


class FirstCheck:
    """What the queries of one runbook returned before its fault was pressed.

    Args:
        stack: Under traffic.
        runbook: Path of its page.
    """

    def __init__(self, stack: Stack, runbook: str) -> None:
        self._prometheus = stack.url("prometheus")
        text = (paths.ROOT / runbook).read_text(encoding="utf-8")
        self._before = {one: self._values(one) for one in blocks(text, "promql")}

    def silent(self) -> list[str]:
        """Return the queries that show nothing of the fault: no series, or zeros as before it."""
        return [
            one
            for one, before in self._before.items()
            if not (values := self._values(one)) or (values == before and set(values) <= _ZERO)
        ]

    def _values(self, promql: str) -> list[str]:
        return sorted(series["value"][1] for series in query(self._prometheus, promql))
