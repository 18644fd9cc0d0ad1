"""The sink that writes one line a request.

The line is one text that is made at once: no object for each member, and nothing left to do for
the thread that writes. What recurs, such as the route, is encoded once; what a client sent goes
through the encoder of the standard library, so the line is JSON whatever it holds.
"""

from collections.abc import Mapping
from functools import lru_cache
from json import encoder
from typing import Final

from telemetry.config import TelemetryConfig
from telemetry.logs.lines import Timestamps
from telemetry.logs.writer import LogWriter
from telemetry.requests.completed import CompletedRequest
from telemetry.requests.record import RequestRecord

CACHED_TEXTS: Final = 256

# The number that ``round`` makes of six digits, at a third of the cost.
_MICROSECONDS: Final = "%.6f"

_json: Final = encoder.encode_basestring_ascii
_cached_json: Final = lru_cache(CACHED_TEXTS)(_json)


class RequestLog:
    """The sink that writes one line a request.

    Args:
        writer: Where the lines go.
        config: Level of log lines, and whether requests are logged.
        resource: Members of every line.
    """

    def __init__(
        self, writer: LogWriter, config: TelemetryConfig, resource: Mapping[str, str]
    ) -> None:
        self._writer = writer
        self._on = config.request_log
        self._end = "".join(f",{_json(name)}:{_json(text)}" for name, text in resource.items())
        self._only_failed = config.log_level in ("WARNING", "ERROR")
        self._timestamp = Timestamps()

    def __call__(self, request: RequestRecord | CompletedRequest) -> None:
        """Write the line of a completed request."""
        status = request.status
        failed = request.outcome == "failed" or (status is not None and status >= 500)
        if not self._on or (self._only_failed and not failed):
            return
        time = self._timestamp(request.started_unix_ns / 1e9 + request.duration_seconds)
        seconds = request.phase_seconds
        phases = _phases(tuple(seconds)) % tuple(seconds.values())
        self._writer.write(
            f'{{"time":"{time}","level":"{"ERROR" if failed else "INFO"}","logger":"access",'
            f'"message":"request","request_id":"{request.request_id}",'
            f'"trace_id":"{request.trace_id}","span_id":"{request.span_id}",'
            f'{_target(request.method, request.route)}"path":{_json(request.path)},'
            f'"query":{_json(request.query)},"status":{"null" if status is None else status},'
            f'"duration_seconds":{_MICROSECONDS % request.duration_seconds},'
            f'"phases":{{{phases}}},'
            f'"response_bytes":{request.response_bytes},'
            f'"client_address":{_cached_json(request.client_address)},'
            f'"user_agent":{_cached_json(request.user_agent)},"outcome":"{request.outcome}"'
            f"{_rare_members(request)}{self._end}}}"
        )


@lru_cache(CACHED_TEXTS)
def _target(method: str, route: str) -> str:
    return f'"method":{_json(method)},"route":{_json(route)},'


@lru_cache(CACHED_TEXTS)
def _phases(names: tuple[str, ...]) -> str:
    """A template for the seconds of these phases."""
    return ",".join(_json(name).replace("%", "%%") + f":{_MICROSECONDS}" for name in names)


def _rare_members(request: RequestRecord | CompletedRequest) -> str:
    if not (request.error_type or request.refusal or request.correlation_ids):
        return ""
    members = ""
    if request.correlation_ids:
        members += f',"correlation_ids":[{",".join(map(_json, request.correlation_ids))}]'
    if request.error_type:
        members += f',"error_type":{_json(request.error_type)}'
    if request.refusal:
        members += f',"refusal":{_json(request.refusal)}'
    return members
