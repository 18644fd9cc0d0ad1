"""The MongoDB client that is built from the settings."""

import pytest

from service.mongo.connection import connect
from service.mongo.settings import MongoSettings
from tests.service.test_settings import PRODUCTION


@pytest.mark.parametrize(
    ("environment", "sizes"), [("production", (50, 10)), ("development", (10, 2))]
)
def test_pool_is_sized_and_every_timeout_is_finite(environment, sizes):
    mongo = connect(MongoSettings.from_env(PRODUCTION | {"DEPLOYMENT_ENVIRONMENT": environment}))
    options = mongo.client.options
    pool = options.pool_options

    assert (pool.max_pool_size, pool.min_pool_size) == sizes
    assert {
        "server selection": options.server_selection_timeout,
        "connect": pool.connect_timeout,
        "socket": pool.socket_timeout,
        "wait queue": pool.wait_queue_timeout,
    } == {"server selection": 2.0, "connect": 2.0, "socket": 3.0, "wait queue": 2.0}
    mongo.close()


def test_timeout_below_a_millisecond_is_a_millisecond():
    mongo = connect(MongoSettings.from_env({"MONGODB_SOCKET_TIMEOUT_SECONDS": "0.0001"}))
    assert mongo.client.options.pool_options.socket_timeout == 0.001
    mongo.close()


def test_client_does_not_connect_before_it_is_used():
    mongo = connect(MongoSettings.from_env({}))
    assert mongo.client._topology._opened is False
    mongo.close()


@pytest.mark.parametrize(
    ("uri", "name"),
    [("mongodb://db", "serene"), ("mongodb://db/", "serene"), ("mongodb://db/blog", "blog")],
)
def test_database_is_the_one_of_the_uri(uri, name):
    mongo = connect(MongoSettings.from_env({"MONGODB_URI": uri}))
    assert mongo.database.name == name
    mongo.close()
