"""Links between Grafana's provisioned data sources, filled in as Grafana does it.

Source: Grafana's documentation of the Prometheus, Tempo and Loki data sources: `$$` is `$` in a
provisioning file; `__value.raw` is the value of the exemplar's or line's field, `__tags` the span's
tags as matchers.
"""

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

FILE = Path(__file__).resolve().parents[2] / "deploy/grafana/provisioning/datasources/serene.yaml"


def data_sources() -> dict[str, dict[str, Any]]:
    """Return the data sources by uid."""
    text = FILE.read_text(encoding="utf-8").replace("$$", "$")
    return {source["uid"]: source for source in yaml.safe_load(text)["datasources"]}


def lines_of_a_span(trace_id: str, tags: dict[str, str]) -> str:
    """Return the LogQL query that a span of a trace opens."""
    settings = data_sources()["tempo"]["jsonData"]["tracesToLogsV2"]
    matchers = ", ".join(f'{tag["value"]}="{tags[tag["key"]]}"' for tag in settings["tags"])
    query: str = settings["query"]
    return query.replace("${__tags}", matchers).replace("${__trace.traceId}", trace_id)


def pane_of_an_exemplar(trace_id: str) -> dict[str, Any]:
    """Return the pane of Explore, with its query, that an exemplar opens beside its trace."""
    _, lines = data_sources()["prometheus"]["jsonData"]["exemplarTraceIdDestinations"]
    (panes,) = parse_qs(urlsplit(lines["url"].replace("${__value.raw}", trace_id)).query)["panes"]
    (pane,) = json.loads(panes).values()
    found: dict[str, Any] = pane
    return found


def field_of_a_line() -> dict[str, str]:
    """Return the derived field of a line: the label that it reads, and what it opens."""
    (field,) = data_sources()["loki"]["jsonData"]["derivedFields"]
    found: dict[str, str] = field
    return found
