"""Stores on the shared MongoDB, each in a database of its own that is dropped."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from service.config import ServiceConfig
from service.seed import seed
from service.store import Store, connect


@pytest.fixture
def database_uri(mongodb_uri: str) -> str:
    """A database that no other test knows."""
    return f"{mongodb_uri}/service_{uuid4().hex[:12]}"


@pytest.fixture
def config(database_uri: str) -> ServiceConfig:
    return ServiceConfig.from_env({"MONGODB_URI": database_uri})


@pytest.fixture
def store(config: ServiceConfig) -> Iterator[Store]:
    """An empty store whose indexes are there."""
    store = connect(config)
    store.set_up()
    yield store
    store.client.drop_database(store.database.name)
    store.close()


@pytest.fixture
def seeded(store: Store) -> Store:
    """A store with the demo posts."""
    seed(store)
    return store
