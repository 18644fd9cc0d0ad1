"""The Flask app, from parts that are handed in: nothing is built here that could be shared or replaced."""

from flask import Flask
from prometheus_flask_exporter import PrometheusMetrics

from service import access, errors, middleware
from service.blueprints import auth, blog, documentation, files, health, root
from service.config import ServiceConfig
from service.store import Store
from telemetry import Telemetry, names


def create_app(config: ServiceConfig, telemetry: Telemetry, store: Store) -> Flask:
    """The Serene API.

    Args:
        config: How it is served.
        telemetry: Observes each request; not necessarily started.
        store: The database; not necessarily reachable.
    """
    app = Flask("service", static_folder=None, template_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    # Never bound to an app: it would add a /metrics route and time every request a second time.
    metrics = PrometheusMetrics(app=None, path=None, export_defaults=False, registry=telemetry.registry)
    errors.install(app)
    middleware.install(app, config, telemetry.config.api_supported_versions)
    app.register_blueprint(root.blueprint(telemetry.config.service_version))
    app.register_blueprint(blog.blueprint(store.posts, metrics))
    tokens = access.Tokens(config)
    access.install(app, tokens)
    app.register_blueprint(auth.blueprint(store, tokens, access.Passwords(config), config.refresh_token_seconds, metrics))
    app.register_blueprint(files.blueprint(store, config.file_types, metrics, telemetry.metrics.histogram(names.UPLOADS)))
    app.register_blueprint(documentation.blueprint(telemetry.config.service_version))
    app.register_blueprint(health.blueprint(telemetry.health))
    telemetry.init_app(app)
    return app
