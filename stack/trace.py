"""`serene trace ID`: print the trace, the record and the log lines of one request; changes nothing.

Queries Tempo for the trace: by the id itself, or by the span attributes `request.id` and
`request.correlation_ids`, when the trace has an id of the caller's or the id is a proxy's. Draws
its spans as a waterfall. What is missing in Tempo may still be in the flight recorder of a worker,
and in the log that all workers write.
"""

import argparse
import json
import re
import shutil
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator, Sequence, Set
from typing import Any

from stack import recorded
from stack.errors import StackError
from stack.log_lines import lines_of
from stack.runner import Stack
from stack.spans import Span, spans_of
from telemetry.requests.correlation import correlation_id
from telemetry.span_names import CORRELATION_IDS_ATTRIBUTE, REQUEST_ID_ATTRIBUTE

_REQUEST_ID = REQUEST_ID_ATTRIBUTE
_CORRELATION_IDS = CORRELATION_IDS_ATTRIBUTE
_AWS_ID = re.compile(r"1-[0-9a-fA-F]{8}-[0-9a-fA-F]{24}")
_TIMEOUT_SECONDS = 10.0
_NAME_WIDTH = 44
_MOST_WORKERS = 64
_MAX_WIDTH = 120


def trace(options: argparse.Namespace) -> int:
    """Print the trace, the record and the log lines of a request.

    Returns: 0.
    Raises: StackError when neither Tempo nor a worker nor the log has it.
    """
    stack = Stack(options.port_offset)
    searched = str(options.id)
    own = _uuid_or_none(searched)
    spans, problem = _spans(stack.url("tempo"), searched, own)
    request_ids = {str(own) if own else searched} | {
        str(span.attributes[_REQUEST_ID]) for span in spans if _REQUEST_ID in span.attributes
    }
    found = _recorded(stack.port("service", "management"), request_ids, own)
    if found is not None:
        request_ids.add(found[1]["requestId"])
    moments = [moment for span in spans for moment in (span.start_ns, span.end_ns)]
    lines = lines_of(stack, request_ids, moments)
    if not spans and found is None and not lines:
        raise StackError(problem)
    width = min(shutil.get_terminal_size().columns, _MAX_WIDTH)
    parts = [waterfall(spans, width) if spans else [problem]]
    parts += [recorded.described(*found)] if found is not None else []
    print("\n\n".join(["\n".join(part) for part in parts] + lines))
    return 0


def _spans(tempo: str, searched: str, own: uuid.UUID | None) -> tuple[list[Span], str]:
    """Return the spans of a request, or why there are none."""
    try:
        spans = (_trace(tempo, own.hex) if own else []) or _trace(
            tempo, _trace_id_of(tempo, searched)
        )
    except StackError as error:
        return [], str(error)
    return spans, (
        f"Tempo has no trace of request {searched}: it may be seconds old, not kept, or "
        "of another stack"
    )


def _recorded(
    first_port: int, request_ids: Set[str], own: uuid.UUID | None
) -> tuple[int, dict[str, Any]] | None:
    ports = range(first_port, first_port + _MOST_WORKERS)
    searched = [*sorted(request_ids), *([own.hex] if own else [])]
    return next((found for each in searched if (found := recorded.find(ports, each))), None)


def request_id(text: str) -> str:
    """Check an id: ours as in X-Request-ID, of a trace, or what a proxy called the request.

    Raises: argparse.ArgumentTypeError when it cannot be one.
    """
    found = correlation_id(text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is no id of a request or of a trace")
    return found


def search_query(searched: str) -> str:
    """Return the TraceQL query for the trace of a request.

    Args:
        searched: Its id, or what a proxy called it. Of AWS's ids `Root=` may be left out.
    """
    own = _uuid_or_none(searched)
    values = [(_REQUEST_ID, str(own))] if own else []
    values.append((_CORRELATION_IDS, searched))
    if _AWS_ID.fullmatch(searched):
        values.append((_CORRELATION_IDS, f"Root={searched}"))
    conditions = (f'span."{name}" = {json.dumps(value)}' for name, value in values)
    return f"{{ {' || '.join(conditions)} }}"


def _uuid_or_none(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def waterfall(spans: Sequence[Span], width: int) -> Iterator[str]:
    """Yield the spans of a trace as lines: a bar on the time axis, the duration, and the error.

    Args:
        spans: At least one.
        width: Number of columns.
    """
    begin, end = min(span.start_ns for span in spans), max(span.end_ns for span in spans)
    columns = max(10, width - _NAME_WIDTH - 14)
    scale = columns / max(1, end - begin)
    for depth, span in _in_order(spans):
        before = min(columns - 1, int((span.start_ns - begin) * scale))
        bar = "█" * max(1, min(columns - before, round((span.end_ns - span.start_ns) * scale)))
        name = f"{'  ' * depth}{span.name}"
        if len(name) > _NAME_WIDTH:
            name = f"{name[: _NAME_WIDTH - 1]}…"
        error = f"  {span.attributes.get('error.type', 'error')}" if span.failed else ""
        duration = f"{(span.end_ns - span.start_ns) / 1e6:9.2f} ms"
        line = f"{name:<{_NAME_WIDTH}} {' ' * before}{bar:<{columns - before}} {duration}{error}"
        yield line.rstrip()


def _in_order(spans: Sequence[Span]) -> Iterator[tuple[int, Span]]:
    """Yield each span after its parent, with its depth; one without a known parent is a root."""
    known = {span.span_id for span in spans}

    def below(parent: str | None, depth: int) -> Iterator[tuple[int, Span]]:
        children = [
            s
            for s in spans
            if (s.parent_span_id == parent if parent is not None else s.parent_span_id not in known)
        ]
        for span in sorted(children, key=lambda each: each.start_ns):
            yield depth, span
            yield from below(span.span_id, depth + 1)

    return below(None, 0)


def _trace(tempo: str, trace_id: str) -> list[Span]:
    found = _get(f"{tempo}/api/traces/{trace_id}") if trace_id else None
    return spans_of(found or {})


def _trace_id_of(tempo: str, searched: str) -> str:
    query = urllib.parse.urlencode({"q": search_query(searched), "limit": 1})
    traces = (_get(f"{tempo}/api/search?{query}") or {}).get("traces", [])
    return str(traces[0]["traceID"]) if traces else ""


def _get(url: str) -> dict[str, Any] | None:
    try:
        with urllib.request.urlopen(
            urllib.request.Request(url, headers={"Accept": "application/json"}),
            timeout=_TIMEOUT_SECONDS,
        ) as response:
            found: dict[str, Any] = json.load(response)
            return found
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        raise StackError(f"Tempo answered {error.code} to {url}") from None
    except OSError as error:
        raise StackError(f"Tempo does not answer at {url}: {error} (see ./serene status)") from None
