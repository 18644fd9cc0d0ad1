"""What the service learns of its database at the first connection, and what the log has of it."""

import logging
from urllib.parse import urlsplit

import pytest

from service.mongo.deployment import Deployment
from tests.service.mongo.replica_set import replica_set

PRODUCTION = {
    "DEPLOYMENT_ENVIRONMENT": "production",
    "SERENE_TOKEN_KEYS": f"new:{'n' * 32}",
    "STRIPE_API_KEY": "sk_live_canary",
    "STRIPE_WEBHOOK_SECRET": "whsec_of-a-production-account",
}
ALONE = (
    "MongoDB is a single server (FerretDB unknown): a confirmed write is on its disk only, writes "
    "are not retried, and every read is its own"
)


def lines(caplog: pytest.LogCaptureFixture) -> list[tuple[int, str]]:
    """Return the lines about the deployment."""
    name = "service.mongo.deployment"
    return [(one.levelno, one.getMessage()) for one in caplog.records if one.name == name]


@pytest.mark.parametrize(("settings", "level"), [({}, logging.INFO), (PRODUCTION, logging.WARNING)])
def test_single_server_is_logged_with_what_it_cannot_keep(build_service, caplog, settings, level):
    caplog.set_level(logging.INFO)
    service = build_service(settings)
    assert lines(caplog) == [(level, ALONE)]
    assert service.mongo.deployment() == Deployment("single server", "", "FerretDB unknown", False)
    service.mongo.set_up()
    assert len(lines(caplog)) == 1


def test_single_server_cannot_spread_reads(build_service, caplog):
    build_service({"MONGODB_PUBLIC_READS": "nearest"})
    assert lines(caplog)[-1] == (
        logging.WARNING,
        "MONGODB_PUBLIC_READS=nearest has no effect on a single server",
    )


REAL = {"version": "7.0.14", "ok": 1.0}
SERVERS = [
    (False, REAL, Deployment("replica set", "rs0", "MongoDB 7.0.14", True)),
    (True, REAL, Deployment("sharded cluster", "", "MongoDB 7.0.14", True)),
    (
        False,
        {"version": "7.0.77", "ferretdbVersion": "v2.5.0", "ok": 1.0},
        Deployment("replica set", "rs0", "FerretDB v2.5.0", True),
    ),
    (
        False,
        {"version": "7.0.42", "ferretdbVersion": "v1.24.2", "ok": 1.0},
        Deployment("replica set", "rs0", "FerretDB v1.24.2", False),
    ),
]


@pytest.mark.parametrize(("is_mongos", "build_info", "expected"), SERVERS)
def test_kind_and_version_are_what_the_server_answers(
    build_service, database_uri, caplog, is_mongos, build_info, expected
):
    caplog.set_level(logging.INFO)
    parts = urlsplit(database_uri)
    with replica_set(parts.port, is_mongos=is_mongos) as members:
        members.answers["buildInfo"] = [build_info]
        service = build_service({"MONGODB_URI": members.uri(parts.path.lstrip("/"))})
        assert service.mongo.deployment() == expected
        service.mongo.client.drop_database(service.mongo.database.name)
    assert lines(caplog) == [
        (
            logging.INFO,
            f"MongoDB is a {expected}: writes count once majority confirmed them, public reads "
            "are primary",
        )
    ]
