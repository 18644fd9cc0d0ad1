"""Flask apps, and environs of requests to them."""

from flask import Flask
from werkzeug.test import create_environ


def create(**config):
    app = Flask("shop", subdomain_matching=config.pop("subdomain_matching", False))
    if "host_matching" in config:
        app.url_map.host_matching = config.pop("host_matching")
    app.config.update(config)
    return app


def environ_of(host="bench", server=("bench", "80"), scheme="http", **others):
    environ = create_environ("/page")
    environ |= {"wsgi.url_scheme": scheme, "REMOTE_ADDR": "192.0.2.1"} | others
    values = {"HTTP_HOST": host, "SERVER_NAME": server[0], "SERVER_PORT": server[1]}
    for name, value in values.items():
        environ.pop(name, None)
        if value is not None:
            environ[name] = value
    return environ
