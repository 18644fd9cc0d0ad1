"""gunicorn's own settings about proxies, derived from ``TELEMETRY_TRUSTED_PROXIES``.

gunicorn would read scheme headers itself, answer 400 where two differ, and let a proxy on loopback
set parts of the environ by headers such as ``SCRIPT_NAME``. Here it reads none of them: the request
layer does, for the peers that one setting names.
"""

from collections.abc import Iterator
from typing import Any, Final

from telemetry.config import TelemetryConfig
from telemetry.requests.addresses import unix_notices

OVERRULED: Final = (
    "forwarded_allow_ips",
    "secure_scheme_headers",
    "forwarder_headers",
    "proxy_allow_ips",
)


def install(worker: Any) -> None:
    """Overrule the settings of a worker; the first worker logs a line for each that was given.

    Args:
        worker: Has its sockets and its telemetry, and has read no request yet.
    """
    config = worker.telemetry.config
    notices = derive_proxy_settings(worker.cfg, config)
    notices += unix_notices(worker.sockets, config.trusted_proxies)
    if worker.state.slot == 0:
        for notice in notices:
            worker.log.warning("%s", notice)


def derive_proxy_settings(cfg: Any, config: TelemetryConfig) -> list[str]:
    """Overrule gunicorn's settings.

    Args:
        cfg: gunicorn's configuration; nothing has read a request with it yet.
        config: Names the trusted proxies.

    Returns:
        A line for each setting that was given and has no effect.
    """
    notices = list(_overruled(cfg))
    networks = ",".join(
        str(member) for member in config.trusted_proxies if not isinstance(member, str)
    )
    cfg.set("forwarded_allow_ips", networks)
    cfg.set("proxy_allow_ips", networks)
    cfg.set("secure_scheme_headers", {})
    cfg.set("forwarder_headers", "")
    if cfg.header_map == "dangerous":
        cfg.set("header_map", "drop")
    return notices


def _overruled(cfg: Any) -> Iterator[str]:
    for name in OVERRULED:
        setting = cfg.settings[name]
        if setting.get() != type(setting)().get():
            yield f"gunicorn's {name} has no effect: TELEMETRY_TRUSTED_PROXIES comes first"
    if cfg.header_map == "dangerous":
        yield "gunicorn's header_map='dangerous' would let clients forge headers: it is 'drop'"
