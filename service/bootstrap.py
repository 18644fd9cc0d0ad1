"""The one composition root: settings, telemetry, database, app and rooms, in this order.

Nothing else in the service knows concrete types. The entry points (``wsgi``, ``__main__`` and the
commands) monkey-patch the process where they must, and then call ``build``. Deleting a room takes
its folder, its import and its line here (tests/architecture/test_rooms.py).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict, TypeVar, Unpack

import gevent
from flask import Flask
from prometheus_flask_exporter import PrometheusMetrics

from service import metrics as business
from service import rate_limits
from service.accounts import room as accounts_room
from service.accounts.caller import account_id
from service.blog import room as blog_room
from service.cdn.cdn import Cdn
from service.cdn.cdn import build as build_cdn
from service.cdn.vendors import headers_of
from service.companion import room as companion_room
from service.files import room as files_room
from service.foundation import Foundation, Room
from service.http import middleware, problems
from service.http.conditions import SAFE_METHODS
from service.http.middleware.caching import is_cacheable_request
from service.http.operation import is_streamed
from service.mongo.causal import in_session
from service.mongo.clock import utc_now
from service.mongo.connection import MongoConnection, connect
from service.mongo.consistency import PublicReads, without_majority
from service.mongo.indexes import Indexes
from service.mongo.migration import Catalogue, report_missing
from service.mongo.retention import Retention
from service.mongo.sharding import ShardKeys
from service.mongo.sweeper import Sweeper
from service.payments import room as payments_room
from service.payments.gateway import PaymentGateway
from service.payments.model import PaymentEventHandler
from service.payments.stripe_gateway import StripeGateway
from service.sessions import room as sessions_room
from service.settings import ServiceSettings, telemetry_config
from service.system import room as system_room
from telemetry import Telemetry

R = TypeVar("R", bound=Room)


class Overrides(TypedDict, total=False):
    """Parts that replace the usual ones; tests replace what is slow, external or random."""

    telemetry: Telemetry
    payments: PaymentGateway
    handle_payment_event: PaymentEventHandler
    now: Callable[[], datetime]
    sleep: Callable[[float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The parts of one process; none has started."""

    settings: ServiceSettings
    telemetry: Telemetry
    mongo: MongoConnection
    catalogue: Catalogue
    cdn: Cdn
    sweeper: Sweeper
    app: Flask
    rooms: tuple[Room, ...]

    @property
    def retention(self) -> Retention:
        """What ends the data of each collection."""
        return self.catalogue.retention

    def room(self, kind: type[R]) -> R:
        """Return the room of a type.

        Raises:
            LookupError: The service has no such room.
        """
        for room in self.rooms:
            if isinstance(room, kind):
                return room
        raise LookupError(f"the service has no {kind.__name__}")


def build(environ: Mapping[str, str], **overrides: Unpack[Overrides]) -> Service:
    """Build the service.

    Args:
        environ: Variables by name.
        overrides: See ``Overrides``.

    Raises:
        SettingError: A variable is invalid; the message is one line.
    """
    settings = ServiceSettings.from_env(environ)
    telemetry = overrides.get("telemetry") or Telemetry(telemetry_config(environ))
    foundation = _foundation(settings, telemetry, overrides)
    app = _app(settings, telemetry)
    rooms = _rooms(settings, foundation, app, overrides)
    sweeper = _sweeper(settings, foundation)
    catalogue = _catalogue(settings, foundation)
    for room in rooms:
        for blueprint in room.blueprints:
            app.register_blueprint(blueprint)
    _run_writes_in_sessions(app, foundation.mongo)
    telemetry.init_app(app)
    return Service(
        settings=settings,
        telemetry=telemetry,
        mongo=foundation.mongo,
        catalogue=catalogue,
        cdn=foundation.cdn,
        sweeper=sweeper,
        app=app,
        rooms=rooms,
    )


def _foundation(
    settings: ServiceSettings, telemetry: Telemetry, overrides: Overrides
) -> Foundation:
    sleep = overrides.get("sleep", gevent.sleep)
    mongo = connect(settings.mongo, telemetry.mongo_listeners(), sleep=overrides.get("sleep"))
    telemetry.health.add_indicator("store", mongo.evidence)
    telemetry.watch_mongo(mongo.client)
    telemetry.mongo.on_check.append(lambda: _connect_when_up(telemetry, mongo))
    telemetry.on_start(mongo.start)
    telemetry.on_shutdown(mongo.close)
    # Not bound to an app: that would add a /metrics route and measure every request twice.
    route_metrics = PrometheusMetrics(
        app=None, path=None, export_defaults=False, registry=telemetry.registry
    )
    return Foundation(
        telemetry=telemetry,
        mongo=mongo,
        indexes=Indexes(),
        shard_keys=ShardKeys(),
        public_reads=PublicReads(settings.mongo, is_cacheable_request),
        cdn=build_cdn(settings.cdn, telemetry, settings.mongo.public_staleness_seconds),
        retention=Retention(),
        route_metrics=route_metrics,
        now=overrides.get("now", utc_now),
        sleep=sleep,
    )


def _sweeper(settings: ServiceSettings, foundation: Foundation) -> Sweeper:
    retention, telemetry = foundation.retention, foundation.telemetry
    passes = without_majority(
        retention.expire(foundation.database["retention_passes"], "expires_at")
    )
    foundation.shard_keys.unsharded("few, and deleted after a day", "retention_passes")
    deleted = telemetry.metrics.counters(business.EXPIRED_DOCUMENTS)
    for entry in retention.expiring:
        deleted[(entry.collection.name,)].inc(0)
    sweeper = Sweeper(
        retention,
        passes,
        interval_seconds=settings.mongo.sweep_interval_seconds,
        on_deleted=lambda name, count: deleted[(name,)].inc(count),
        now=foundation.now,
        sleep=foundation.sleep,
    )
    telemetry.on_start(sweeper.start)
    telemetry.on_shutdown(sweeper.stop)
    return sweeper


def _catalogue(settings: ServiceSettings, foundation: Foundation) -> Catalogue:
    mongo, indexes, retention = foundation.mongo, foundation.indexes, foundation.retention
    catalogue = Catalogue(
        database=foundation.database,
        indexes=indexes,
        retention=retention,
        shard_keys=foundation.shard_keys,
    )
    if settings.mongo.create_indexes:
        mongo.on_connect(indexes.create)
        mongo.on_connect(retention.create_indexes)
    else:
        mongo.on_connect(lambda: report_missing(catalogue, mongo.deployment()))
    return catalogue


def _run_writes_in_sessions(app: Flask, mongo: MongoConnection) -> None:
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if (rule.methods or set()) - SAFE_METHODS and not is_streamed(view):
            app.view_functions[rule.endpoint] = in_session(mongo.client, view)


def _connect_when_up(telemetry: Telemetry, mongo: MongoConnection) -> None:
    check = telemetry.mongo.last_check
    if check is not None and check.up:
        mongo.try_now()


def _app(settings: ServiceSettings, telemetry: Telemetry) -> Flask:
    app = Flask("service", static_folder=None, template_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]  # Flask's default provider has it
    failures = telemetry.metrics.counters(business.DATABASE_FAILURES)
    problems.install(app, lambda kind: failures[kind.name,].inc())
    rate_limits.install(app, settings.rate_limits, telemetry, account_id)
    versions = telemetry.config.api_supported_versions
    middleware.install(app, settings.http, versions, headers_of(settings.cdn))
    return app


def _rooms(
    settings: ServiceSettings, foundation: Foundation, app: Flask, overrides: Overrides
) -> tuple[Room, ...]:
    accounts = accounts_room.build(foundation, settings.accounts, app)
    payments = overrides.get("payments") or _stripe(settings, foundation.telemetry)
    sessions = sessions_room.build(foundation, settings.sessions, accounts.accounts, payments)
    handle_payment_event = overrides.get(
        "handle_payment_event", sessions.payment_events.handle_payment_event
    )
    return (
        system_room.build(foundation),
        accounts,
        blog_room.build(foundation, accounts.accounts),
        files_room.build(foundation, settings.files, sessions.repositories.care.is_assigned),
        companion_room.build(foundation, settings.companion),
        sessions,
        payments_room.build(foundation, settings.payments, handle_payment_event),
    )


def _stripe(settings: ServiceSettings, telemetry: Telemetry) -> PaymentGateway:
    payments = StripeGateway(settings.payments, telemetry)
    telemetry.on_shutdown(payments.close)
    return payments
