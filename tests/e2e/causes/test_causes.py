"""Each planted cause is named by five places: the record, its span, its log lines, the metrics and
``/debug/requests/<request id>``.
"""

import time

import pytest

from telemetry.names import UNKNOWN_CODE
from telemetry.span_names import HUB_CODE_ATTRIBUTE
from tests.e2e.causes.places import PLACES, read_metrics, read_places, read_samples
from tests.e2e.causes.stand import stand as run_stand
from tests.e2e.causes.table import plantable

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture(scope="module")
def stand(tmp_path_factory):
    with run_stand(tmp_path_factory.mktemp("causes")) as made:
        yield made


MOST_PLANTS = 5
METRICS_SECONDS = 5.0


def plant(stand, cause):
    """Plant a cause, and read the five places."""
    before = read_samples(stand)
    asked = cause.plant(stand)
    assert asked.status == 200
    found = read_places(stand, asked, cause.route, before)
    deadline = time.monotonic() + METRICS_SECONDS
    while found["metrics"].without(cause.patterns("metrics")) and time.monotonic() < deadline:
        # A block is counted by the sampling thread, after the request has ended.
        time.sleep(0.05)
        found["metrics"] = read_metrics(stand, cause.route, before)
    return found


def is_missed(cause, found):
    """Whether its code has no name in the span."""
    unnamed = f'"{HUB_CODE_ATTRIBUTE}": "{UNKNOWN_CODE}"'
    return cause.can_be_missed and any(unnamed in line for line in found["span"].lines)


@pytest.mark.parametrize("cause", plantable(), ids=lambda cause: cause.title)
def test_cause_is_named_by_five_places(stand, cause):
    found = plant(stand, cause)
    for _ in range(MOST_PLANTS - 1):
        if is_missed(cause, found):
            found = plant(stand, cause)
    wrong = {
        place: found[place].dominant for place in PLACES if found[place].dominant != cause.phase
    }
    missing = {
        place: absent for place in PLACES if (absent := found[place].without(cause.patterns(place)))
    }
    assert (wrong, missing) == ({}, {}), "\n\n".join(
        [f"named {wrong}; not named {missing}", *map(str, found.values())]
    )
