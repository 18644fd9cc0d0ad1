"""Queries of the committed boards, for one choice of instances."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from stack import paths

_FOLDER: Final = paths.ROOT / "dashboards" / "generated"
_VARIABLE: Final = re.compile(r"\$\{?(\w+)(?::\w+)?\}?")
# As the viewer fills them in for five minutes. Source: Grafana, "Global variables".
_TIMES: Final = {
    "__rate_interval": "1m",
    "__rate_interval_ms": "60000",
    "__interval": "15s",
    "__interval_ms": "15000",
    "__range": "5m",
    "__range_s": "300",
    "__range_ms": "300000",
}


def queries(instance: str = ".*") -> list[tuple[str, str]]:
    """Return the title and the query of every panel that can be narrowed to instances.

    Args:
        instance: Pattern of the chosen instances.
    """
    return [
        (panel["title"], _filled(target["expr"], instance))
        for board in sorted(_FOLDER.glob("*.json"))
        for panel in _panels(json.loads(board.read_text(encoding="utf-8"))["panels"])
        for target in panel.get("targets", ())
        if panel["datasource"]["type"] == "prometheus"
        if "$instance" in target.get("expr", "")
    ]


def _panels(panels: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for panel in panels:
        yield panel
        yield from _panels(panel.get("panels", ()))


def _filled(expression: str, instance: str) -> str:
    values = _TIMES | {"instance": instance}
    return _VARIABLE.sub(lambda found: values.get(found[1], ".*"), expression)
