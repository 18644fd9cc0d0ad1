"""The WSGI environ of a request, from what its listener and its connection have prepared.

It is the one that gunicorn makes, which makes all of it anew for each request.

Source: PEP 3333, "environ Variables"; ``gunicorn.http.wsgi.create``.
"""

import io
import os
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from gunicorn.http.errors import ConfigurationProblem
from gunicorn.http.wsgi import WSGIErrorsWrapper, base_environ, proxy_environ

Environ = dict[str, Any]

_MOST_KEYS: Final = 512
_OF_REQUEST: Final = (
    *("wsgi.input", "wsgi.url_scheme", "REQUEST_METHOD", "QUERY_STRING", "RAW_URI"),
    *("SERVER_PROTOCOL", "PATH_INFO"),
)
"""What ``of_request`` sets, whatever the request."""
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


class ErrorsStream(io.RawIOBase):
    """``wsgi.errors``: gunicorn's error log, whose files may be opened anew while it is used.

    Args:
        cfg: gunicorn's configuration.
    """

    def __init__(self, cfg: Any) -> None:
        self._cfg = cfg

    def write(self, data: Any) -> Any:
        """Write a text."""
        WSGIErrorsWrapper(self._cfg).write(data)


class _HeaderKeys(dict[str, str]):
    """The keys of headers; those of names that are met first are kept."""

    def __missing__(self, name: str) -> str:
        key = "HTTP_" + name.replace("-", "_")
        if len(self) < _MOST_KEYS:
            self[name] = key
        return key


class Environs:
    """Makes the environs of the requests to one listener.

    Args:
        cfg: gunicorn's configuration.
        listener_name: The listener's address; a path for a Unix socket.
    """

    def __init__(self, cfg: Any, listener_name: Any) -> None:
        self._script_name = os.environ.get("SCRIPT_NAME", "")
        self._server: list[str] | None = None
        self._keys = _HeaderKeys(
            {"CONTENT-TYPE": "CONTENT_TYPE", "CONTENT-LENGTH": "CONTENT_LENGTH"}
        )
        self._template: Environ = base_environ(cfg) | {
            "wsgi.errors": ErrorsStream(cfg),
            "wsgi.multithread": True,
            "SCRIPT_NAME": self._script_name,
        }
        if isinstance(listener_name, str):
            self._server = listener_name.split(":")
        else:
            self._name_server(self._template, listener_name)

    def of_connection(self, peer: Any, extra: Environ) -> Environ:
        """Return what the environs of a connection's requests have in common.

        Args:
            peer: The client's address; a text for one on a Unix socket.
            extra: Further members.
        """
        if isinstance(peer, str):
            return self._template | {"REMOTE_ADDR": peer} | extra
        remote = {"REMOTE_ADDR": peer[0], "REMOTE_PORT": str(peer[1])}
        return self._template | remote | extra

    def with_headers(self, connection: Environ, headers: list[tuple[str, str]]) -> Environ:
        """Return what the requests of a connection with these headers have in common.

        Args:
            connection: See ``of_connection``.
            headers: Names and values.
        """
        environ = connection.copy()
        self._add_headers(environ, headers)
        # A copy that has room for what each request sets is not made larger for each of them.
        return environ | dict.fromkeys(_OF_REQUEST, "")

    def of_request(
        self, connection: Environ, request: Any, prepared: Environ | None = None
    ) -> Environ:
        """Return the environ of a request.

        Args:
            connection: See ``of_connection``.
            request: Parsed.
            prepared: What ``with_headers`` returned for the headers of the request.

        Raises:
            ConfigurationProblem: Its path is not below ``SCRIPT_NAME``.
        """
        environ = (connection if prepared is None else prepared).copy()
        environ["wsgi.input"] = request.body
        environ["wsgi.url_scheme"] = request.scheme
        environ["REQUEST_METHOD"] = request.method
        environ["QUERY_STRING"] = request.query
        environ["RAW_URI"] = request.uri
        environ["SERVER_PROTOCOL"] = "HTTP/1.1" if request.version == (1, 1) else "HTTP/1.0"
        if prepared is None:
            self._add_headers(environ, request.headers)
        path = request.path
        if self._script_name:
            path = self._below_script_name(path)
        environ["PATH_INFO"] = unquote_to_bytes(path).decode("latin-1") if "%" in path else path
        if self._server is not None:
            self._name_server(environ, self._unix_server(environ))
        if request.proxy_protocol_info:
            environ.update(proxy_environ(request))
        return environ

    def _add_headers(self, environ: Environ, headers: list[tuple[str, str]]) -> None:
        keys = self._keys
        repeated: dict[str, list[str]] = {}
        for name, value in headers:
            key = keys[name]
            if key in environ:
                # Joined once: the value would otherwise be copied for each of them.
                repeated.setdefault(key, [environ[key]]).append(value)
            else:
                environ[key] = value
        for key, values in repeated.items():
            environ[key] = ",".join(values)

    def _below_script_name(self, path: str) -> str:
        if not path.startswith(self._script_name):
            raise ConfigurationProblem(f"{path!r} is not below {self._script_name!r}")
        return path[len(self._script_name) :]

    def _unix_server(self, environ: Environ) -> list[Any]:
        """Return name and port for a Unix socket, which has none: those that the client names."""
        server: list[Any] = self._server or []
        if len(server) > 1:
            return server
        if "HTTP_HOST" not in environ:
            return [server[0], ""]
        named: list[Any] = environ["HTTP_HOST"].split(":")
        if len(named) == 1:
            named.append(_DEFAULT_PORTS.get(environ["wsgi.url_scheme"], ""))
        return named

    @staticmethod
    def _name_server(environ: Environ, server: Any) -> None:
        environ["SERVER_NAME"], environ["SERVER_PORT"] = server[0], str(server[1])
