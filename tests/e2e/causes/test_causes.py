"""Each planted cause is named by five places: the record, its span, its log lines, the metrics and
``/debug/requests/<request id>``.
"""

import pytest

from tests.e2e.causes.places import PLACES, read_places, read_samples
from tests.e2e.causes.stand import stand as run_stand
from tests.e2e.causes.table import plantable

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture(scope="module")
def stand(tmp_path_factory):
    with run_stand(tmp_path_factory.mktemp("causes")) as made:
        yield made


@pytest.mark.parametrize("cause", plantable(), ids=lambda cause: cause.title)
def test_cause_is_named_by_five_places(stand, cause):
    before = read_samples(stand)
    asked = cause.plant(stand)
    assert asked.status == 200
    found = read_places(stand, asked, cause.route, before)
    wrong = {
        place: found[place].dominant for place in PLACES if found[place].dominant != cause.phase
    }
    missing = {
        place: absent for place in PLACES if (absent := found[place].without(cause.patterns(place)))
    }
    assert (wrong, missing) == ({}, {}), "\n\n".join(
        [f"named {wrong}; not named {missing}", *map(str, found.values())]
    )
