"""Nothing but Flask, for gunicorn's own gevent worker."""

from flask import Flask

from bench.apps.pages import create_app


def create() -> Flask:
    """Return the app."""
    return create_app()
