"""The Flask app, from parts that are handed in: nothing is built here that could be shared or
replaced.
"""

from collections.abc import Iterator

from flask import Blueprint, Flask
from prometheus_flask_exporter import PrometheusMetrics

from service import access, booking, errors, limits, middleware
from service.blueprints import (
    auth,
    authoring,
    blog,
    companion,
    documentation,
    files,
    health,
    payments,
    roles,
    root,
    sessions,
    therapists,
)
from service.blueprints.companion_turns import Talks
from service.companion import Crisis, Model
from service.config import ServiceConfig
from service.payments import PaymentEventHandler
from service.store import Store
from service.writing import Desk, Markdown
from telemetry import Telemetry, names


def create_app(
    config: ServiceConfig,
    telemetry: Telemetry,
    store: Store,
    *,
    bookings: booking.Bookings | None = None,
    on_payment_event: PaymentEventHandler | None = None,
) -> Flask:
    """The Serene API.

    Args:
        config: How it is served.
        telemetry: Observes each request; not necessarily started.
        store: The database; not necessarily reachable.
        bookings: The workflow of bookings; when not given, one that nobody can pay in.
        on_payment_event: Told what the payment provider says of a payment; may be told twice, and
            in any order. The workflow by default.
    """
    app = Flask("service", static_folder=None, template_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    errors.install(app)
    limits.install(app, config, telemetry)
    middleware.install(app, config, telemetry.config.api_supported_versions)
    tokens = access.Tokens(config)
    refused = telemetry.metrics.counters(names.UNAUTHORIZED)
    for reason in access.REASONS:
        refused[(reason,)].inc(0)
    access.install(app, tokens, lambda reason: refused[(reason,)].inc())
    # Never bound to an app: it would add a /metrics route and time every request a second time.
    metrics = PrometheusMetrics(
        app=None, path=None, export_defaults=False, registry=telemetry.registry
    )
    for blueprint in (
        root.blueprint(telemetry.config.service_version),
        documentation.blueprint(telemetry.config.service_version),
        health.blueprint(telemetry.health),
        auth.blueprint(
            store, tokens, access.Passwords(config), config.refresh_token_seconds, metrics
        ),
        roles.blueprint(store),
        *_blog(store, metrics),
        files.blueprint(
            store, config.file_types, metrics, telemetry.metrics.histogram(names.UPLOADS)
        ),
        _companion(config, telemetry, store),
        *_sessions(
            config,
            telemetry,
            store,
            bookings or booking.assemble(config, telemetry, store),
            on_payment_event,
        ),
    ):
        app.register_blueprint(blueprint)
    telemetry.init_app(app)
    return app


def _blog(store: Store, metrics: PrometheusMetrics) -> Iterator[Blueprint]:
    markdown = Markdown()
    yield blog.blueprint(store.posts, markdown, metrics)
    yield authoring.blueprint(
        store.accounts, Desk(store.posts, store.post_leases, markdown), markdown, metrics
    )


def _companion(config: ServiceConfig, telemetry: Telemetry, store: Store) -> Blueprint:
    model = Model(config, telemetry)
    telemetry.on_shutdown(model.close)
    talks = Talks(
        store.conversations, model, Crisis.from_data(), telemetry, config.companion_context_messages
    )
    return companion.blueprint(talks, config.companion_heartbeat_seconds)


def _sessions(
    config: ServiceConfig,
    telemetry: Telemetry,
    store: Store,
    bookings: booking.Bookings,
    on_event: PaymentEventHandler | None,
) -> Iterator[Blueprint]:
    yield therapists.blueprint(bookings.parts)
    yield sessions.blueprint(bookings)
    received = telemetry.metrics.counter(names.PAYMENT_EVENTS)
    yield payments.blueprint(config, store.payment_events, on_event or bookings.told, received)
