"""The outcome of a MongoDB command: an error's type, its code, and a message without data.

Server messages may quote documents (a duplicate key, a value that failed validation), so they are
never passed on: an error that the server reported is named by its code. The driver's own messages
about a connection contain no data, and are kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

MAX_MESSAGE_CHARACTERS: Final = 200

CODE_NAMES: Final = {
    13: "Unauthorized",
    18: "AuthenticationFailed",
    43: "CursorNotFound",
    50: "MaxTimeMSExpired",
    64: "WriteConcernFailed",
    79: "UnknownReplWriteConcern",
    91: "ShutdownInProgress",
    100: "UnsatisfiableWriteConcern",
    112: "WriteConflict",
    121: "DocumentValidationFailure",
    146: "ExceededMemoryLimit",
    189: "PrimarySteppedDown",
    262: "ExceededTimeLimit",
    10107: "NotWritablePrimary",
    10334: "BSONObjectTooLarge",
    11000: "DuplicateKey",
    11001: "DuplicateKey",
    11600: "InterruptedAtShutdown",
    11602: "InterruptedDueToReplStateChange",
    12582: "DuplicateKey",
    13435: "NotPrimaryNoSecondaryOk",
    13436: "NotPrimaryOrSecondary",
    14031: "OutOfDiskSpace",
}
"""Names of the codes that come without one: those in ``writeErrors``, which has only the number.

Source: MongoDB's error_codes.yml; 11001 and 12582 are duplicate keys of old servers.
"""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a command failed.

    Args:
        error_type: The server's code name, or the class name of an exception.
        message: Fit for a span; holds no data.
        status_code: The server's code as text, empty for what is not the server's.

    Source: OpenTelemetry semantic conventions, ``error.type`` and ``db.response.status_code``.
    """

    error_type: str
    message: str
    status_code: str = ""


def of_failure(failure: Mapping[str, Any] | None) -> Failure:
    """Return the failure of a command that raised.

    Args:
        failure: ``CommandFailedEvent.failure``: the server's reply, or the driver's ``errtype`` and
            ``errmsg``.
    """
    members = failure or {}
    if "code" in members or "codeName" in members:
        return _of_code(members)
    error_type = str(members.get("errtype") or "UnknownError")
    return Failure(error_type, str(members.get("errmsg") or error_type)[:MAX_MESSAGE_CHARACTERS])


def of_reply(reply: Mapping[str, Any] | None) -> Failure | None:
    """Return the failure in a reply with ``ok: 1``, or ``None``.

    Args:
        reply: ``CommandSucceededEvent.reply``. Of several write errors the first one counts.
    """
    members = reply or {}
    errors = members.get("writeErrors")
    if errors:
        return _of_code(errors[0])
    if members.get("nErrors"):  # bulkWrite: one result per operation that failed
        failed = [
            result
            for result in members.get("cursor", {}).get("firstBatch", ())
            if not result.get("ok")
        ]
        return _of_code(failed[0]) if failed else Failure("BulkWriteError", "BulkWriteError")
    concern = members.get("writeConcernError")
    return _of_code(concern) if concern else None


def _of_code(error: Mapping[str, Any]) -> Failure:
    code = error.get("code")
    name = error.get("codeName") or CODE_NAMES.get(code or 0) or str(code)
    return Failure(str(name), str(name), "" if code is None else str(code))
