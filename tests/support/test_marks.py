"""A test on a backend is marked as one, so that the fast part builds nothing."""

import pytest

from tests import backend


def test_test_without_the_mark_may_build_nothing() -> None:
    with pytest.raises(AssertionError, match=r"^mark this test as one on a backend .*: prometheus"):
        backend.built("prometheus")


@pytest.mark.backend
def test_test_with_the_mark_gets_the_backend() -> None:
    assert (backend.built("prometheus") / "promtool").is_file()
