"""A server in Stripe's place that returns what a test sets, for what stripe-mock cannot do."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import gevent
from gevent import pywsgi


class Peer:
    """Returns its responses one after the other, repeats the last one, and records its requests.

    Args:
        responses: Status and body each; a body that is not text is sent as JSON, and ``trickle``
            sends single bytes.
    """

    def __init__(self, *responses: tuple[int, Any]) -> None:
        self.responses = list(responses)
        self.requests: list[tuple[str, str]] = []
        self.server = pywsgi.WSGIServer(("127.0.0.1", 0), self.respond, log=None, error_log=None)
        self.server.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def respond(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Respond to one request."""
        self.requests.append(
            (
                f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}",
                environ.get("HTTP_IDEMPOTENCY_KEY", ""),
            )
        )
        status, body = self.responses.pop(0) if len(self.responses) > 1 else self.responses[0]
        start_response(
            f"{status} Some", [("Content-Type", "application/json"), ("Request-Id", "req_peer")]
        )
        if body == "trickle":
            return _trickle()
        return [body.encode() if isinstance(body, str) else json.dumps(body).encode()]

    def __enter__(self) -> "Peer":
        return self

    def __exit__(self, *_: object) -> None:
        self.server.stop()


def _trickle() -> Iterable[bytes]:
    for _ in range(200):
        yield b" "
        gevent.sleep(0.02)


def error(kind: str, code: str = "", **members: Any) -> dict[str, Any]:
    """Return the body of an error, as Stripe writes it."""
    return {"error": {"type": kind, "code": code, "message": "canary message of Stripe", **members}}
