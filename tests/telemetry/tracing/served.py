"""A request as the WSGI layer and the recorder complete it, and the attributes of its span."""

ENVIRON = {"SERVER_PROTOCOL": "HTTP/1.1"}


def complete(record, **facts):
    """What the recorder does, with a duration of 1.5 s."""
    defaults = {
        "route": "/posts",
        "status": 200,
        "outcome": "completed",
        "response_bytes": 17,
        "duration_seconds": 1.5,
    }
    for name, value in {**defaults, **facts}.items():
        setattr(record, name, value)


def attributes_of(record, **others):
    """Those of every request that the fixture makes, and others; None takes one away."""
    attributes = {
        "http.request.method": "GET",
        "http.route": "/posts",
        "http.response.status_code": 200,
        "http.response.body.size": 17,
        "url.scheme": "http",
        "url.path": "/posts",
        "url.query": "page=REDACTED",
        "server.address": "api.example.org",
        "server.port": 8000,
        "client.address": "192.0.2.7",
        "network.protocol.version": "1.1",
        "user_agent.original": "curl/8",
        "request.id": record.request_id,
        **others,
    }
    return {name: value for name, value in attributes.items() if value is not None}
