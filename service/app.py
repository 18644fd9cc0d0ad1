"""The Flask app, from parts that are handed in: nothing is built here that could be shared or replaced."""

from collections.abc import Iterator

from flask import Blueprint, Flask
from prometheus_flask_exporter import PrometheusMetrics

from service import access, booking, errors, limits, middleware
from service.blueprints import auth, authoring, blog, documentation, files, health, payments, roles, root, sessions, therapists
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
        on_payment_event: Told what the payment provider says of a payment; may be told twice, and in any order. The workflow by default.
    """
    app = Flask("service", static_folder=None, template_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    errors.install(app)
    limits.install(app, config, telemetry)
    middleware.install(app, config, telemetry.config.api_supported_versions)
    tokens = access.Tokens(config)
    access.install(app, tokens)
    # Never bound to an app: it would add a /metrics route and time every request a second time.
    metrics = PrometheusMetrics(app=None, path=None, export_defaults=False, registry=telemetry.registry)
    app.register_blueprint(root.blueprint(telemetry.config.service_version))
    app.register_blueprint(documentation.blueprint(telemetry.config.service_version))
    app.register_blueprint(health.blueprint(telemetry.health))
    app.register_blueprint(auth.blueprint(store, tokens, access.Passwords(config), config.refresh_token_seconds, metrics))
    app.register_blueprint(roles.blueprint(store))
    for blueprint in _blog(store, metrics):
        app.register_blueprint(blueprint)
    app.register_blueprint(files.blueprint(store, config.file_types, metrics, telemetry.metrics.histogram(names.UPLOADS)))
    bookings = bookings or booking.assemble(config, telemetry, store)
    app.register_blueprint(therapists.blueprint(bookings.parts))
    app.register_blueprint(sessions.blueprint(bookings))
    received = telemetry.metrics.counter(names.PAYMENT_EVENTS)
    app.register_blueprint(payments.blueprint(config, store.payment_events, on_payment_event or bookings.told, received))
    telemetry.init_app(app)
    return app


def _blog(store: Store, metrics: PrometheusMetrics) -> Iterator[Blueprint]:
    markdown = Markdown()
    yield blog.blueprint(store.posts, markdown, metrics)
    yield authoring.blueprint(store.accounts, Desk(store.posts, store.post_claims, markdown), markdown, metrics)
