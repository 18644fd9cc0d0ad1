"""Variables of other tools that users may expect to have an effect here, and that have none.

Nothing is ignored silently: each is one notice that names it.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from telemetry.config.tracing import is_loopback

MULTIPROCESS: Final = ("PROMETHEUS_MULTIPROC_DIR", "prometheus_multiproc_dir")


def notices(given: Mapping[str, str], traces_url: str) -> list[str]:
    """Return one line for each variable without effect.

    Args:
        given: Variables by name, the empty ones left out.
        traces_url: Where spans are posted.
    """
    found = [
        f"{name}: each worker exposes its own metrics on a port of its own; ignored"
        for name in MULTIPROCESS
        if name in given
    ]
    proxies = [name for name in _proxies_for(traces_url) if name in given]
    if proxies and not is_loopback(traces_url):
        found.append(f"without effect, for spans go to the receiver directly: {', '.join(proxies)}")
    return found


def _proxies_for(url: str) -> tuple[str, ...]:
    name = f"{urlsplit(url).scheme}_proxy"
    return (name.upper(), name, "ALL_PROXY", "all_proxy")
