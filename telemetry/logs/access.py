"""The sink that writes one line a request.

The line is one text that is made at once, from parts: no object for each member, and nothing left
to do for the thread that writes. What recurs, such as the route, is encoded once with all that
stands around it; what a client sent goes through the encoder of the standard library, so the line
is JSON whatever it holds.
"""

from collections.abc import Mapping
from functools import lru_cache, partial
from json import encoder
from typing import Final

from telemetry.config import TelemetryConfig
from telemetry.decimals import THOUSAND, six_decimals
from telemetry.logs.lines import Timestamps
from telemetry.logs.writer import LogWriter
from telemetry.names import Phase
from telemetry.requests.completed import CompletedRequest
from telemetry.requests.record import FAILED, RequestRecord

CACHED_TEXTS: Final = 256
_QUEUE_AND_CPU: Final[tuple[Phase, ...]] = ("queue", "cpu")
"""The phases of a request that has ``began_ns``."""

_json: Final = encoder.encode_basestring_ascii


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
        self._write = writer.write
        self._on = config.request_log
        self._only_failed = config.log_level in ("WARNING", "ERROR")
        times = Timestamps()
        self._timestamp, self._time_of = times.__call__, times.of_nanoseconds
        end = "".join(f",{_json(name)}:{_json(text)}" for name, text in resource.items())
        self._known = lru_cache(CACHED_TEXTS)(partial(_known, end))

    def __call__(self, request: RequestRecord | CompletedRequest) -> None:
        """Write the line of a completed request."""
        status, outcome = request.status, request.outcome or "completed"
        if not self._on or (self._only_failed and not _failed(status, outcome)):
            return
        rare = ""
        if request.error_type or request.refusal or request.correlation_ids:
            rare = _rare_members(request)
        if type(request) is RequestRecord and request.began_ns and request.duration_seconds < 0.9:
            beginning, target, end, _, _ = self._known(
                request.method, request.route, status, outcome, _QUEUE_AND_CPU
            )
            # By integers and tables, at a third of the cost of floating point numbers.
            started_ns, began_ns, ended_ns = request.started_ns, request.began_ns, request.ended_ns
            time = self._time_of(request.started_unix_ns + (ended_ns - started_ns))
            took = (ended_ns - started_ns + 500) // 1000
            queue = (began_ns - started_ns + 500) // 1000
            cpu = (ended_ns - began_ns + 500) // 1000
            duration = f"0.{THOUSAND[took // 1000]}{THOUSAND[took % 1000]}"
            shown = (
                f'"queue":0.{THOUSAND[queue // 1000]}{THOUSAND[queue % 1000]},'
                f'"cpu":0.{THOUSAND[cpu // 1000]}{THOUSAND[cpu % 1000]}'
            )
        else:
            seconds = request.phase_seconds
            beginning, target, end, phases, short_phases = self._known(
                request.method, request.route, status, outcome, tuple(seconds)
            )
            time = self._timestamp(request.started_unix_ns / 1e9 + request.duration_seconds)
            shown = _seconds(seconds, phases, short_phases)
            duration = six_decimals(request.duration_seconds)
        self._write(
            f'{{"time":"{time}{beginning}{request.request_id}","trace_id":"{request.trace_id}",'
            f'"span_id":"{request.span_id}{target}{_json(request.path)},'
            f'"query":{_json(request.query)},"duration_seconds":{duration},'
            f'"response_bytes":{request.response_bytes},'
            f"{_client(request.client_address, request.user_agent)}{rare}{end}"
            f"{shown}}}}}"
        )


def _failed(status: int | None, outcome: str) -> bool:
    # What a client cut is no error, as in the logs of nginx and Apache.
    return outcome in FAILED or (status is not None and status >= 500)


def _known(
    members: str, method: str, route: str, status: int | None, outcome: str, phases: tuple[str, ...]
) -> tuple[str, str, str, str, str]:
    """What the lines of all requests for a route have in common that end alike.

    Args:
        members: Of every line.
        method: See ``RequestRecord``; so are the others.
        route: See there.
        status: See there.
        outcome: See there.
        phases: Names, in the order of the seconds.

    Returns:
        What comes between the time and the request id, between the span id and the path, and before
        the seconds by phase; and two templates for these, of which the second one takes
        microseconds below a second.
    """
    members_of_phases = [_json(name).replace("%", "%%") for name in phases]
    level = "ERROR" if _failed(status, outcome) else "INFO"
    code = "null" if status is None else status
    return (
        f'","level":"{level}","logger":"access","message":"request","request_id":"',
        f'","method":{_json(method)},"route":{_json(route)},"status":{code},"path":',
        f',"outcome":"{outcome}"{members},"phases":{{',
        ",".join(f"{name}:%s" for name in members_of_phases),
        ",".join(f"{name}:0.%06d" for name in members_of_phases),
    )


def _seconds(seconds: Mapping[Phase, float], phases: str, short_phases: str) -> str:
    """Fill one of the templates of ``_known``."""
    micros = tuple([int(each * 1e6 + 0.5) for each in seconds.values()])
    if micros and min(micros) >= 0 and max(micros) < 1_000_000:
        return short_phases % micros  # at half the cost of ``six_decimals`` for each
    return phases % tuple(map(six_decimals, seconds.values()))


@lru_cache(CACHED_TEXTS)
def _client(address: str, agent: str) -> str:
    return f'"client_address":{_json(address)},"user_agent":{_json(agent)}'


def _rare_members(request: RequestRecord | CompletedRequest) -> str:
    members = ""
    if request.correlation_ids:
        members += f',"correlation_ids":[{",".join(map(_json, request.correlation_ids))}]'
    if request.error_type:
        members += f',"error_type":{_json(request.error_type)}'
    if request.refusal:
        members += f',"refusal":{_json(request.refusal)}'
    return members
