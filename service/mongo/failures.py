"""What becomes of an error of MongoDB: status, log, and what to check. One table, by kind.

A kind that passes, or that the client did not cause, is a 503 with ``Retry-After``; a mistake of
this service is a 500. pymongo has repeated reads once by then; nothing else is repeated here. A
write that ended with an error may have happened: clients repeat those that have a key or a
condition. Health reads the server's own check; a kind seen by requests alone is in the log and in
``serene_database_failures_total{kind}``.

Messages of the server may quote documents, so only a code's kind is logged.

Source: MongoDB's error_codes.yml; pymongo's ``errors`` and ``bson.errors``.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from bson.errors import BSONError
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    CursorNotFound,
    DocumentTooLarge,
    DuplicateKeyError,
    ExecutionTimeout,
    InvalidOperation,
    InvalidURI,
    NetworkTimeout,
    NotPrimaryError,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
    WriteConcernError,
    WTimeoutError,
)

LOG_INTERVAL_SECONDS: Final = 60.0
RETRY_AFTER_SECONDS: Final = 5
"""How long a client should wait; the background check that notices a return of the database runs
about that often.
"""

_log = logging.getLogger("service.mongo")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of failure.

    Args:
        name: Label of the metric.
        words: What happened, and what to check.
        status: Of the response.
        retry_after_seconds: In a 503.
        level: Of the log line; every kind is logged once in ``LOG_INTERVAL_SECONDS``.
    """

    name: str
    words: str
    status: int = 503
    retry_after_seconds: int = RETRY_AFTER_SECONDS
    level: int = logging.WARNING


UNREACHABLE: Final = Kind("unreachable", "it cannot be reached: check MONGODB_URI and the server")
TIMED_OUT: Final = Kind(
    "timed_out",
    "no response in time: check the server's load and MONGODB_SOCKET_TIMEOUT_SECONDS",
)
POOL_EXHAUSTED: Final = Kind(
    "pool_exhausted",
    "no connection of the pool was free in time: raise MONGODB_MAX_POOL_SIZE, or check what is "
    "slow (MONGODB_WAIT_QUEUE_TIMEOUT_SECONDS)",
)
NOT_PRIMARY: Final = Kind(
    "not_primary",
    "the server is no primary: wait for the election; if it lasts, MONGODB_URI should name every "
    "member of the replica set",
)
INTERRUPTED: Final = Kind(
    "interrupted",
    "the server interrupted the operation, as when it shuts down or two writes collide: try again",
    retry_after_seconds=1,
)
WRITE_CONCERN: Final = Kind(
    "write_concern",
    "a write was not confirmed by enough members: check the replica set, and w and wtimeoutMS of "
    "MONGODB_URI",
)
STORAGE_FULL: Final = Kind(
    "storage_full",
    "the server has no space left on its disk: free some",
    retry_after_seconds=30,
    level=logging.ERROR,
)
UNAUTHORIZED: Final = Kind(
    "unauthorized",
    "the server refuses the user: check user, password and authSource of MONGODB_URI, and the "
    "user's roles",
    retry_after_seconds=30,
    level=logging.ERROR,
)
CLOSED: Final = Kind("closed", "the client is closed: the process ends", retry_after_seconds=1)
CONFIGURATION: Final = Kind(
    "configuration",
    "the driver cannot use its configuration: check MONGODB_URI",
    retry_after_seconds=30,
    level=logging.ERROR,
)
RESOURCES: Final = Kind(
    "resources",
    "a query needs more memory than the server allows: it lacks an index",
    500,
    level=logging.ERROR,
)
INVALID: Final = Kind(
    "invalid", "an operation of this service is invalid", 500, level=logging.ERROR
)

KINDS: Final = (
    UNREACHABLE,
    TIMED_OUT,
    POOL_EXHAUSTED,
    NOT_PRIMARY,
    INTERRUPTED,
    WRITE_CONCERN,
    STORAGE_FULL,
    UNAUTHORIZED,
    CLOSED,
    CONFIGURATION,
    RESOURCES,
    INVALID,
)

BY_CODE: Final[Mapping[int, Kind]] = {
    code: kind
    for kind, codes in (
        (UNAUTHORIZED, (11, 13, 18, 33, 334, 391, 8000)),
        (TIMED_OUT, (24, 50, 89, 202, 262)),
        (NOT_PRIMARY, (133, 189, 10058, 10107, 13435, 13436, 13388, 63, 150, 234)),
        (UNREACHABLE, (6, 7, 9001)),
        (INTERRUPTED, (43, 46, 91, 112, 175, 237, 244, 246, 251, 290, 11600, 11601, 11602)),
        (WRITE_CONCERN, (64, 75, 79, 100)),
        (STORAGE_FULL, (14031, 39)),
        (RESOURCES, (146, 292, 10334, 17280, 16819, 16820)),
    )
    for code in codes
}
"""Kinds of a server's codes; any other code is a mistake of this service."""

_TRANSIENT_LABELS: Final = ("TransientTransactionError", "RetryableWriteError")

BY_CLASS: Final[tuple[tuple[type[PyMongoError] | type[BSONError], Kind], ...]] = (
    (WaitQueueTimeoutError, POOL_EXHAUSTED),
    (ServerSelectionTimeoutError, UNREACHABLE),
    (NetworkTimeout, TIMED_OUT),
    (NotPrimaryError, NOT_PRIMARY),
    (AutoReconnect, UNREACHABLE),
    (ConnectionFailure, UNREACHABLE),
    (WTimeoutError, WRITE_CONCERN),
    (WriteConcernError, WRITE_CONCERN),
    (ExecutionTimeout, TIMED_OUT),
    (CursorNotFound, INTERRUPTED),
    (DuplicateKeyError, INVALID),
    (DocumentTooLarge, INVALID),
    (InvalidURI, CONFIGURATION),
    (ConfigurationError, CONFIGURATION),
    (BSONError, INVALID),
)
"""Kinds of the driver's own errors, the first that fits."""


def kind_of(error: Exception) -> Kind:
    """Return the kind of an error of pymongo or bson."""
    found = next((kind for cls, kind in BY_CLASS if isinstance(error, cls)), None)
    code = code_of(error)
    if code in BY_CODE and (found is None or not isinstance(error, DuplicateKeyError)):
        return BY_CODE[code]
    if found is not None:
        return found
    if type(error) is PyMongoError:  # the driver raises its subclasses only
        return UNREACHABLE
    if isinstance(error, InvalidOperation) and "close" in str(error):
        return CLOSED
    has_label = isinstance(error, PyMongoError) and any(
        map(error.has_error_label, _TRANSIENT_LABELS)
    )
    if has_label:
        return INTERRUPTED
    return WRITE_CONCERN if _only_concern_failed(error) else INVALID


def code_of(error: Exception) -> int:
    """Return the server's code of an error, of the first failed write of several; 0 if none."""
    if isinstance(error, BulkWriteError):
        details: Any = error.details or {}
        found = _first(details.get("writeErrors")) or _first(details.get("writeConcernErrors"))
        code = found.get("code")
    elif isinstance(error, OperationFailure | NotPrimaryError):
        details = error.details if isinstance(error.details, Mapping) else {}
        code = getattr(error, "code", None) or details.get("code")
    else:
        code = None
    return code if isinstance(code, int) else 0


def _first(failures: Any) -> Mapping[str, Any]:
    return failures[0] if failures else {}


def _only_concern_failed(error: Exception) -> bool:
    details = getattr(error, "details", None)
    if not isinstance(details, Mapping) or details.get("writeErrors"):
        return False
    return bool(details.get("writeConcernError") or details.get("writeConcernErrors"))


class OperationRejected(Exception):
    """An operation of this service that can never succeed, in words without data."""


class FailureLog:
    """Logs each kind of failure once in a while, without the words of the server.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._logged_at: dict[str, float] = {}

    def record(self, kind: Kind, error: Exception) -> None:
        """Log a failure, unless its kind was logged less than ``LOG_INTERVAL_SECONDS`` ago."""
        now = self._clock()
        last = self._logged_at.get(kind.name)
        if last is not None and now - last < LOG_INTERVAL_SECONDS:
            return
        self._logged_at[kind.name] = now
        _log.log(kind.level, "MongoDB failed a request: %s", describe(kind, error))


def describe(kind: Kind, error: Exception) -> str:
    """Return what happened and what to check, with the type of the error and its code."""
    code = code_of(error)
    return f"{kind.words} ({type(error).__name__}{f', code {code}' if code else ''})"
