"""The phases of a request, as spans and log lines have them."""

from collections.abc import Mapping
from typing import Any, get_args

import pytest

from telemetry.names import Phase
from telemetry.span_names import PHASE_ATTRIBUTE_PREFIX

PHASES = frozenset(get_args(Phase))


def without_phases(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes of a span without its phases."""
    return {
        name: value
        for name, value in attributes.items()
        if not name.startswith(PHASE_ATTRIBUTE_PREFIX)
    }


def phases_of(attributes: Mapping[str, Any], seconds: float) -> dict[str, float]:
    """Return the phases of a server span, which add up.

    Args:
        attributes: Of the span.
        seconds: Its duration.
    """
    phases = {
        name.removeprefix(PHASE_ATTRIBUTE_PREFIX): attributes[name]
        for name in attributes.keys() - without_phases(attributes)
    }
    assert phases.keys() <= PHASES
    assert min(phases.values()) > 0
    assert sum(phases.values()) == pytest.approx(seconds, rel=0.02, abs=1e-3)
    return phases
