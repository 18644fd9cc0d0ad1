"""What the page may read of the backends: paths and methods; everything else is refused.

POST is allowed where it is a query with a long expression in its form, never where it could change
something: no path here writes, deletes, reloads or stops.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_READ: Final = frozenset({"GET"})
_QUERY: Final = frozenset({"GET", "POST"})

_ID = r"[0-9A-Za-z_][0-9A-Za-z_.:\-]*"

_PATHS: Final[Mapping[str, tuple[tuple[str, frozenset[str]], ...]]] = MappingProxyType(
    {
        "prom": (
            (r"/api/v1/(query|query_range|query_exemplars|series|labels)", _QUERY),
            (rf"/api/v1/label/{_ID}/values", _READ),
            (r"/api/v1/(metadata|rules|alerts|status/buildinfo)", _READ),
        ),
        "tempo": (
            (r"/api/(v2/)?traces/[0-9a-f]{1,32}", _READ),
            (r"/api/(search|echo|status/buildinfo)", _READ),
            (rf"/api/(v2/)?search/(tags|tag/{_ID}/values)", _READ),
            (r"/api/metrics/(query|query_range)", _READ),
        ),
        "loki": (
            (r"/loki/api/v1/(query|query_range|series|labels)", _QUERY),
            (rf"/loki/api/v1/label/{_ID}/values", _READ),
            (r"/loki/api/v1/(index/stats|status/buildinfo)", _READ),
        ),
        "alertmanager": ((r"/api/v2/(alerts|alerts/groups|silences|status|receivers)", _READ),),
        "management": (
            (rf"/debug/requests(/{_ID})?", _READ),
            (r"/debug/(hub|profile|stacks)", _READ),
        ),
    }
)

_COMPILED: Final = {
    name: tuple((re.compile(path), methods) for path, methods in allowed)
    for name, allowed in _PATHS.items()
}


def methods(backend: str, path: str) -> frozenset[str]:
    """Return the methods that are allowed; none for a path that is not.

    Args:
        backend: "prom", "tempo", "loki", "alertmanager" or "management".
        path: at the backend, decoded, without the query.
    """
    for pattern, allowed in _COMPILED.get(backend, ()):
        if pattern.fullmatch(path):
            return allowed
    return frozenset()
