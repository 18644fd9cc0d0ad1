"""Traces of the fleet, as Tempo has them."""

from collections.abc import Sequence

from stack.errors import StackError
from stack.fleet.client import get_json
from stack.fleet.fleet import HostFleet
from stack.spans import Span, spans_of


def spans(fleet: HostFleet, trace_id: str) -> list[Span]:
    """Return the spans of a trace; none while Tempo has none of them."""
    try:
        return spans_of(get_json(f"{fleet.tempo_url}/api/traces/{trace_id}"))
    except StackError:
        return []


def instances(found: Sequence[Span], service: str) -> set[str]:
    """Return the instances of a service that have spans."""
    return {
        span.resource["service.instance.id"]
        for span in found
        if span.resource["service.name"] == service
    }


def is_whole(found: Sequence[Span], services: Sequence[str]) -> bool:
    """Return whether every span's parent is there, with spans of all services and one root."""
    ids = {span.span_id for span in found}
    return (
        {span.resource["service.name"] for span in found} == set(services)
        and sum(not span.parent_span_id for span in found) == 1
        and all(span.parent_span_id in ids for span in found if span.parent_span_id)
    )
