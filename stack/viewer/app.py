"""The WSGI app of the viewer: pages, files, and reads that are forwarded.

Every request has to name a loopback host, so that a page of another origin whose name was bound to
this address (DNS rebinding) reads nothing.
"""

import http.client
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from stack.viewer import allowed, files
from stack.viewer.files import File
from stack.viewer.proxy import FORM, MAX_BODY_BYTES, Upstream

Environ = dict[str, Any]
StartResponse = Callable[..., Any]

_HOSTS: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})

# Emotion, which styles Grafana's components, inserts style elements; no script is inline.
SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_SECURITY: Final = [
    ("Content-Security-Policy", SECURITY_POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
]


class Viewer:
    """The WSGI app.

    Args:
        root: of the checkout.
        upstreams: by first part of the path: prom, tempo, loki, alertmanager.
        workers: management ports, by slot.
    """

    def __init__(
        self, root: Path, upstreams: Mapping[str, Upstream], workers: Sequence[Upstream]
    ) -> None:
        self._bundle = root / "viewer" / "dist"
        self._boards = root / "dashboards" / "generated"
        self._runbooks = root / "docs" / "runbooks"
        self._sources = root / "deploy" / "grafana" / "provisioning" / "datasources" / "serene.yaml"
        self._upstreams = upstreams
        self._workers = workers

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (WSGI)."""
        if _host(environ) not in _HOSTS:
            return _problem(start_response, 421, "the viewer answers on the loopback host alone")
        first, _, rest = environ["PATH_INFO"].removeprefix("/").partition("/")
        if first == "management":
            return self._management(environ, start_response, rest)
        if first in self._upstreams:
            return _forward(environ, start_response, first, self._upstreams[first], f"/{rest}")
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return _problem(start_response, 405, "the viewer only reads", [("Allow", "GET, HEAD")])
        return self._file(environ, start_response, first, rest)

    def _management(
        self, environ: Environ, start_response: StartResponse, path: str
    ) -> Iterable[bytes]:
        slot, _, rest = path.partition("/")
        if not slot.isdecimal() or int(slot) >= len(self._workers):
            return _problem(start_response, 404, f"no worker has the slot {slot!r}")
        worker = self._workers[int(slot)]
        return _forward(environ, start_response, "management", worker, f"/{rest}")

    def _file(
        self, environ: Environ, start_response: StartResponse, first: str, rest: str
    ) -> Iterable[bytes]:
        match first:
            case "viewer.json":
                return _json(start_response, self._description())
            case "boards" if rest == "index.json":
                names = sorted(path.stem for path in self._boards.glob("*.json"))
                return _json(start_response, {"boards": names})
            case "boards":
                found = files.read(self._boards, rest, ".json")
            case "runbooks" if rest.endswith(".md"):
                found = files.read(self._runbooks, rest, ".md")
            case _:
                path = f"{first}/{rest}" if rest else first
                found = files.read(self._bundle, path)
                # Every other address without an extension is a page, which the script finds.
                if found is None and "." not in path.rpartition("/")[2]:
                    found = files.read(self._bundle, "index.html")
        if found is None:
            return _problem(start_response, 404, "no such file")
        return _send(environ, start_response, found)

    def _description(self) -> dict[str, Any]:
        text = self._sources.read_text(encoding="utf-8").replace("$$", "$")
        kept = ("name", "uid", "type", "isDefault", "jsonData")
        sources = [
            {key: one[key] for key in kept if key in one}
            for one in yaml.safe_load(text)["datasources"]
        ]
        return {"dataSources": sources, "slots": list(range(len(self._workers)))}


def _host(environ: Environ) -> str:
    host = str(environ.get("HTTP_HOST", ""))
    return host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host


def _forward(
    environ: Environ, start_response: StartResponse, name: str, upstream: Upstream, path: str
) -> Iterable[bytes]:
    methods = allowed.methods(name, path)
    method = environ["REQUEST_METHOD"]
    if not methods:
        return _problem(start_response, 403, f"the viewer does not read {path} of {name}")
    if method not in methods:
        allow = [("Allow", ", ".join(sorted(methods)))]
        return _problem(start_response, 405, f"{name} is only read", allow)
    body = b""
    if method == "POST":
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if length > MAX_BODY_BYTES or not environ.get("CONTENT_TYPE", "").startswith(FORM):
            return _problem(start_response, 400, "a query is a form of at most 256 KiB")
        body = environ["wsgi.input"].read(length)
    query = environ.get("QUERY_STRING", "")
    # No allowed path has a character that would have to be quoted again.
    target = f"{path}?{query}" if query else path
    try:
        reply = upstream.send(method, target, body, environ.get("HTTP_ACCEPT", ""))
    except (OSError, http.client.HTTPException) as error:
        reason = str(error) or type(error).__name__
        return _problem(start_response, 502, f"{name} does not answer: {reason}")
    headers = [("Content-Type", reply.content_type), ("Cache-Control", "no-store")]
    start_response(f"{reply.status} Upstream", [*headers, *_SECURITY])
    return reply.body


def _send(environ: Environ, start_response: StartResponse, file: File) -> Iterable[bytes]:
    headers = [("ETag", file.etag), ("Cache-Control", file.cache_control), *_SECURITY]
    if environ.get("HTTP_IF_NONE_MATCH") == file.etag:
        start_response("304 Not Modified", headers)
        return []
    own = [("Content-Type", file.content_type), ("Content-Length", str(len(file.body)))]
    start_response("200 OK", [*own, *headers])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [file.body]


def _json(
    start_response: StartResponse,
    body: object,
    status: str = "200 OK",
    headers: Iterable[tuple[str, str]] = (),
    content_type: str = "application/json",
) -> Iterable[bytes]:
    data = json.dumps(body).encode()
    own = [("Content-Type", content_type), ("Content-Length", str(len(data)))]
    start_response(status, [*own, ("Cache-Control", "no-store"), *headers, *_SECURITY])
    return [data]


def _problem(
    start_response: StartResponse,
    status: int,
    detail: str,
    headers: Iterable[tuple[str, str]] = (),
) -> Iterable[bytes]:
    """RFC 9457."""
    title = http.client.responses[status]
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return _json(start_response, body, f"{status} {title}", headers, "application/problem+json")
