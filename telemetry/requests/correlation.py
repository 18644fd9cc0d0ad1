"""What others call a request: ids of proxies and callers, kept beside the request id.

Our request id stays a UUID of version 4, because it is the trace id too. Any other id that a
trusted proxy sends is kept as text: bounded, without control characters, redacted. It is in the
request's span and log line only, never in a response, a label or an outgoing call.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

MAX_ID_LENGTH: Final = 128
MAX_IDS: Final = 8
MAX_HEADER_LENGTH: Final = 1024

_ODD: Final = re.compile(r"[^ -~]+")
# AWS: ``Self=…;Root=1-67891233-abcdef012345678912345678;Sampled=1``; Root is the trace's.
_AWS_ROOT: Final = re.compile(r"(?:^|;) *(Root=[^;]+)", re.IGNORECASE)
# Google Cloud: ``TRACE_ID/SPAN_ID;o=OPTIONS``.
_CLOUD_TRACE: Final = re.compile(r"([0-9a-fA-F]{32})/\d+(?:;o=\d+)?")


def correlation_id(text: str) -> str:
    """Return an id in the form in which it is kept and searched; empty when nothing is left of it.

    Args:
        text: One value of a header. Of AWS's the root is kept, of Google Cloud's the trace.
    """
    text = _ODD.sub("", text[:MAX_HEADER_LENGTH]).strip(' "')
    if root := _AWS_ROOT.search(text):
        text = root[1].strip()
    elif trace := _CLOUD_TRACE.fullmatch(text):
        text = trace[1]
    return text[:MAX_ID_LENGTH]


class CorrelationIds:
    """Reads the ids of each request.

    Args:
        headers: Names of the headers that may have one, the most important first.
        redact: Removes what has the shape of a secret.
    """

    def __init__(self, headers: Iterable[str], redact: Callable[[str], str]) -> None:
        self._keys = tuple(f"HTTP_{name.upper().replace('-', '_')}" for name in headers)
        self._redact = redact

    def read(self, environ: Mapping[str, Any], request_id: str) -> tuple[str, ...]:
        """Return the ids that a trusted proxy sent, each once and at most ``MAX_IDS``.

        Args:
            environ: Of the request.
            request_id: Ours; left out where it is among them.
        """
        found: dict[str, None] = {}
        for key in self._keys:
            if key in environ:
                for part in environ[key][:MAX_HEADER_LENGTH].split(","):
                    text = self._redact(correlation_id(part))
                    if text and text != request_id:
                        found[text] = None
        return tuple(found)[:MAX_IDS]
