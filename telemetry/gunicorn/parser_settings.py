"""gunicorn's settings as plain attributes, for its parser.

The parser asks for a dozen settings with each request, and for one with each header. On gunicorn's
own object each of these runs through ``__getattr__`` and two more objects.
"""

from functools import cached_property
from typing import Any, Final

from gunicorn.http.message import Request

_RECURRING: Final = frozenset(
    {
        *("ACCEPT", "ACCEPT-CHARSET", "ACCEPT-ENCODING", "ACCEPT-LANGUAGE", "CACHE-CONTROL"),
        *("CONNECTION", "CONTENT-LENGTH", "CONTENT-TYPE", "DNT", "HOST", "KEEP-ALIVE", "ORIGIN"),
        *("PRAGMA", "PRIORITY", "SEC-CH-UA", "SEC-CH-UA-MOBILE", "SEC-CH-UA-PLATFORM"),
        *("SEC-FETCH-DEST", "SEC-FETCH-MODE", "SEC-FETCH-SITE", "SEC-FETCH-USER", "TE"),
        *("UPGRADE-INSECURE-REQUESTS", "USER-AGENT", "VIA", "X-FORWARDED-HOST"),
    }
)
"""Names whose lines recur from request to request, and hold no secret."""

_MOST_LINES: Final = 1024
_LONGEST_LINE: Final = 512


class KnownLines(dict[bytes, tuple[str, str]]):
    """Name and value of header lines that gunicorn has parsed and accepted.

    What it makes of a line of these names depends on the line and the settings only.

    Args:
        names: Whose lines may be kept.
    """

    def __init__(self, names: frozenset[str]) -> None:
        super().__init__()
        self._names = names

    def keep(self, line: bytes, field: tuple[str, str]) -> None:
        """Keep a line, where it is likely to recur.

        Args:
            line: As sent, without its end.
            field: What gunicorn made of it.
        """
        if field[0] not in self._names or len(line) > _LONGEST_LINE:
            return
        # Clients that vary their lines make the others' be parsed anew, as without this.
        if len(self) >= _MOST_LINES:
            self.clear()
        self[line] = field


class _UnreadRequest(Request):  # type: ignore[misc]
    """Only what gunicorn's constructors make of the settings."""

    def parse(self, unreader: Any) -> bytes:
        """Parse nothing."""
        return b""

    def set_body_reader(self) -> None:
        """Make no reader."""


class _NothingReceived:
    """Stands in for a source of bytes."""

    def unread(self, data: bytes) -> None:
        """Take nothing back."""


class ParserSettings:
    """The settings of one worker, which do not change while it serves.

    Args:
        cfg: gunicorn's configuration.
    """

    def __init__(self, cfg: Any) -> None:
        self.__dict__.update({name: each.get() for name, each in cfg.settings.items()})
        self.is_ssl = cfg.is_ssl
        self._forwarded_networks = cfg.forwarded_allow_networks()
        self._proxy_networks = cfg.proxy_allow_networks()
        self.known_lines = KnownLines(_RECURRING - set(cfg.secure_scheme_headers))

    @cached_property
    def request_attributes(self) -> dict[str, Any]:
        """The attributes of a request before it is parsed; the lists are not to be shared.

        gunicorn's constructors work out the same limits again for each request.
        """
        return dict(vars(_UnreadRequest(self, _NothingReceived(), None)))

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)

    def forwarded_allow_networks(self) -> Any:
        """Return the peers that may set the scheme."""
        return self._forwarded_networks

    def proxy_allow_networks(self) -> Any:
        """Return the peers that may speak the proxy protocol."""
        return self._proxy_networks
