"""A CDN's API on a free port: it records purges, and answers what a test sets."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Self

import gevent
from gevent import pywsgi

READ = ("Surrogate-Key", "xkey-purge", "Fastly-Soft-Purge", "Fastly-Key", "Authorization")


@dataclass(frozen=True, slots=True)
class Purge:
    """One request.

    Args:
        line: Its method and path.
        headers: Those of ``READ`` that it has.
        body: Its JSON; ``None`` without one.
    """

    line: str
    headers: dict[str, str]
    body: Any


class CdnPeer:
    """Answers with its statuses, one after the other, and repeats the last one."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses) or [200]
        self.body: Any = {"success": True}
        self.delay_seconds = 0.0
        self.purges: list[Purge] = []
        self._server = pywsgi.WSGIServer(("127.0.0.1", 0), self._respond, log=None, error_log=None)

    @property
    def url(self) -> str:
        """Where it takes purges."""
        return f"http://127.0.0.1:{self._server.server_port}/service/ID/purge"

    @property
    def tags(self) -> list[str]:
        """The tags of Surrogate-Key headers, in order."""
        return [tag for one in self.purges for tag in one.headers.get("Surrogate-Key", "").split()]

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop(timeout=0)

    def _respond(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        size = int(environ.get("CONTENT_LENGTH") or 0)
        text = environ["wsgi.input"].read(size)
        names = {name: f"HTTP_{name.upper().replace('-', '_')}" for name in READ}
        self.purges.append(
            Purge(
                f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}",
                {name: environ[key] for name, key in names.items() if key in environ},
                json.loads(text) if text else None,
            )
        )
        gevent.sleep(self.delay_seconds)
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        start_response(f"{status} Some", [("Content-Type", "application/json")])
        return [json.dumps(self.body).encode()]
