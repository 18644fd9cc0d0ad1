"""The one composition root: settings, telemetry, store and app, in this order, each handed what it
needs.

Nothing else in the service knows what is concrete. The two doors, ``wsgi`` and ``__main__``,
monkey-patch and then call this.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Flask

from service.app import create_app
from service.booking import Bookings, Recovery, assemble
from service.config import ServiceConfig, telemetry_environ
from service.payments import StripePayments
from service.store import Store, connect
from telemetry import Telemetry


@dataclass(frozen=True, slots=True)
class Service:
    """What one process is made of. Nothing of it has started."""

    config: ServiceConfig
    telemetry: Telemetry
    store: Store
    bookings: Bookings
    app: Flask


def compose(environ: Mapping[str, str]) -> Service:
    """Build the service.

    Args:
        environ: Variables by name.

    Raises:
        SettingError: A variable cannot be used; the text is one line.
    """
    config = ServiceConfig.from_env(environ)
    telemetry = Telemetry.from_env(telemetry_environ(environ))
    store = connect(config, telemetry.mongo_listeners())
    telemetry.health.add_indicator("store", store.evidence)
    telemetry.watch_mongo(store.client)
    telemetry.on_start(store.start)
    telemetry.on_shutdown(store.close)
    payments = StripePayments(config, telemetry)
    telemetry.on_shutdown(payments.close)
    bookings = assemble(config, telemetry, store, payments)
    recovery = Recovery(bookings)
    telemetry.on_start(recovery.start)
    telemetry.on_shutdown(recovery.stop)
    return Service(
        config, telemetry, store, bookings, create_app(config, telemetry, store, bookings=bookings)
    )
