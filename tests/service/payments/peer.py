"""A Stripe that answers what it is told to: for what the real one does seldom. Speaks HTTP, knows
nothing of payments.
"""

import json
from collections.abc import Callable, Iterable
from typing import Any

import gevent
from gevent import pywsgi


class Peer:
    """A server that gives its answers one after the other, the last one again and again, and notes
    what it was asked.

    Args:
        answers: Status and body each; a body that is no text is sent as JSON, and a number of
            seconds is waited before an empty answer.
    """

    def __init__(self, *answers: tuple[int, Any]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str]] = []
        self.server = pywsgi.WSGIServer(("127.0.0.1", 0), self.answer, log=None, error_log=None)
        self.server.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def answer(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer one request."""
        self.asked.append(
            (
                f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}",
                environ.get("HTTP_IDEMPOTENCY_KEY", ""),
            )
        )
        status, body = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
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
    """The body of an error, as Stripe writes it."""
    return {"error": {"type": kind, "code": code, "message": "canary message of Stripe", **members}}
