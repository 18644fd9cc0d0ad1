"""Ways in which a view calls its own app."""

import gevent
import gevent.pool
from flask import Response, g, request
from werkzeug.test import EnvironBuilder, run_wsgi_app

KEPT = []


def get(app):
    return app.test_client().get("/other").text


def get_status_only(app):
    return str(app.test_client().get("/other").status_code)


def get_twice(app):
    return get(app) + get(app)


def get_failing(app):
    return str(app.test_client().get("/fails").status_code)


def get_unmatched(app):
    return str(app.test_client().get("/nowhere").status_code)


def get_in_client_block(app):
    with app.test_client() as client:
        text = client.get("/other").text
        assert request.path == "/other"
    return text


def get_buffered(app):
    return app.test_client().get("/other", buffered=True).text


def get_stream(app):
    return app.test_client().get("/stream").text


def get_stream_and_drop_it(app):
    return str(app.test_client().get("/stream").status_code)


def get_stream_and_keep_it(app):
    response = app.test_client().get("/stream")
    KEPT.append((response, next(response.response)))
    return "kept"


def get_stream_in_a_cycle(app):
    response = app.test_client().get("/stream")
    response.itself = response
    return "cycle"


def get_stream_half(app):
    chunks = iter(app.test_client().get("/stream").response)
    return next(chunks).decode()


def get_in_greenlet(app):
    return gevent.spawn(get, app).get()


def get_in_two_greenlets(app):
    return "".join(gevent.pool.Group().map(lambda _: get(app), range(2)))


def stream_in_greenlet_and_keep_it(app):
    return gevent.spawn(get_stream_and_keep_it, app).get()


def get_in_native_thread(app):
    return gevent.get_hub().threadpool.apply(get, (app,))


def get_nested_twice(app):
    return app.test_client().get("/nests").text


def call_wsgi(app):
    chunks, _, _ = run_wsgi_app(app, EnvironBuilder("/other").get_environ())
    return b"".join(chunks).decode()


def dispatch_same_environ(app):
    environ = {**request.environ, "PATH_INFO": "/other"}
    chunks, _, _ = run_wsgi_app(app.wsgi_app, environ)
    return b"".join(chunks).decode()


def dispatch_own_environ(app):
    environ = request.environ
    path, environ["PATH_INFO"] = environ["PATH_INFO"], "/other"
    try:
        body = app.wsgi_app(environ, lambda status, headers, exc_info=None: print)
        text = b"".join(body).decode()
        body.close()
    finally:
        environ["PATH_INFO"] = path
    return text


def dispatch_own_environ_unclosed(app):
    environ = request.environ
    path, environ["PATH_INFO"] = environ["PATH_INFO"], "/stream"
    KEPT.append(app.wsgi_app(environ, lambda status, headers, exc_info=None: print))
    environ["PATH_INFO"] = path
    return "kept"


def return_inner_response(app):
    return Response.from_app(app.wsgi_app, {**request.environ, "PATH_INFO": "/stream"})


def push_request_context(app):
    with app.test_request_context("/other?password=secret"):
        return app.full_dispatch_request().get_data(as_text=True)


def push_failing_request_context(app):
    with app.test_request_context("/fails"):
        return str(app.handle_exception(ValueError("inner")).status_code)


def push_app_context(app):
    with app.app_context():
        g.inner = 1
    return "pushed"


def be_killed(app):
    inner = gevent.spawn(lambda: app.test_client().get("/sleeps"))
    gevent.sleep(0.01)
    inner.kill()
    return "killed"


def time_out(app):
    with gevent.Timeout(0.02, False):
        app.test_client().get("/sleeps")
    return "late"


WAYS = [
    *(get, get_status_only, get_twice, get_failing, get_unmatched, get_in_client_block),
    *(get_buffered, get_stream, get_stream_and_drop_it, get_stream_and_keep_it),
    *(get_stream_in_a_cycle, get_stream_half, get_in_greenlet, get_in_two_greenlets),
    *(stream_in_greenlet_and_keep_it, get_in_native_thread, get_nested_twice, call_wsgi),
    *(dispatch_same_environ, dispatch_own_environ, dispatch_own_environ_unclosed),
    *(return_inner_response, push_request_context, push_failing_request_context),
    *(push_app_context, be_killed, time_out),
]
