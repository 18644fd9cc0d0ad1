"""One wheel for all tests of the distribution."""

from pathlib import Path

import pytest

from tests.distribution.environments import build_wheel


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the checkout."""
    return build_wheel(tmp_path_factory.mktemp("wheel"))
