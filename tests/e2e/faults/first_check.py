"""The queries of a runbook's first check, followed while its alert fires."""

from typing import Final

from stack import paths
from stack.runner import Stack
from tests.e2e.metrics import query
from tests.support.loki import query_lines
from tests.support.runbooks import blocks

_ZERO: Final = {"0", "-0"}


class FirstCheck:
    """What the queries of one runbook returned before the fault.

    Args:
        stack: Under traffic.
        runbook: Path of its page.
    """

    def __init__(self, stack: Stack, runbook: str) -> None:
        self._prometheus = stack.url("prometheus")
        text = (paths.ROOT / runbook).read_text(encoding="utf-8")
        self._loki = stack.url("loki")
        self._before = {one: self._values(one) for one in blocks(text, "promql")}
        self._lines_before = {one: self._lines(one) for one in blocks(text, "logql")}

    def silent(self) -> list[str]:
        """Return the queries that show nothing of the fault.

        No series, or zeros as before it; of lines, no more than before it.
        """
        of_metrics = [
            one
            for one, before in self._before.items()
            if not (values := self._values(one)) or (values == before and set(values) <= _ZERO)
        ]
        of_lines = [one for one, before in self._lines_before.items() if self._lines(one) <= before]
        return of_metrics + of_lines

    def _lines(self, logql: str) -> int:
        return len(query_lines(self._loki, logql))

    def _values(self, promql: str) -> list[str]:
        return sorted(series["value"][1] for series in query(self._prometheus, promql))
