"""The real Prometheus as the boards' parser."""

from collections.abc import Iterator

import pytest

from tests.support.ports import free_port
from tests.support.prometheus import Prometheus


@pytest.fixture(scope="session")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """One Prometheus without data, which parses queries."""
    with Prometheus(tmp_path_factory.mktemp("prometheus"), free_port()) as server:
        yield server
