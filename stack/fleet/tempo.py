"""Traces of the fleet, as Tempo has them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stack.errors import StackError
from stack.fleet.client import get_json
from stack.fleet.fleet import HostFleet


@dataclass(frozen=True, slots=True)
class Span:
    """One span."""

    service: str
    instance: str
    span_id: str
    parent_id: str
    kind: str
    name: str


def spans(fleet: HostFleet, trace_id: str) -> list[Span]:
    """Return the spans of a trace; none while Tempo has none of them."""
    try:
        found = get_json(f"{fleet.tempo_url}/api/traces/{trace_id}")
    except StackError:
        return []
    by_id = {}
    for batch in found.get("batches", []):
        resource = _attributes(batch["resource"].get("attributes", []))
        for scope in batch.get("scopeSpans", []):
            for span in scope.get("spans", []):
                by_id[span["spanId"]] = Span(
                    resource.get("service.name", ""),
                    resource.get("service.instance.id", ""),
                    span["spanId"],
                    span.get("parentSpanId", ""),
                    span.get("kind", ""),
                    span["name"],
                )
    return list(by_id.values())


def is_whole(found: Sequence[Span], services: Sequence[str]) -> bool:
    """Return whether every span's parent is there, with spans of all services and one root."""
    ids = {span.span_id for span in found}
    return (
        {span.service for span in found} == set(services)
        and sum(not span.parent_id for span in found) == 1
        and all(span.parent_id in ids for span in found if span.parent_id)
    )


def _attributes(attributes: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    return {one["key"]: one["value"].get("stringValue", "") for one in attributes}
