"""Problem responses to uploads that are not stored."""

from collections.abc import Sequence
from typing import Final

from flask import Response

from service.files.library import EmptyFile, UnsupportedFile
from service.files.multipart import BadForm
from service.files.quota import QuotaExceeded
from service.files.upload import UploadTooSlow
from service.http.problems import INVALID_PARAMETERS, problem

QUOTA_EXCEEDED: Final = "urn:serene:problem:quota-exceeded"
FILE_TYPE: Final = "urn:serene:problem:file-type"

UploadError = BadForm | EmptyFile | QuotaExceeded | UnsupportedFile | UploadTooSlow


def upload_problem(error: UploadError, media_types: Sequence[str]) -> Response:
    """Return the problem; the rest of the upload is not read, so the connection is closed.

    Args:
        error: Why the upload is not stored.
        media_types: Accepted types.
    """
    response = _problem(error, media_types)
    response.headers["Connection"] = "close"
    return response


def _problem(error: UploadError, media_types: Sequence[str]) -> Response:
    match error:
        case UnsupportedFile():
            return problem(415, str(error), type=FILE_TYPE, title="File Type", types=media_types)
        case EmptyFile():
            return problem(
                422,
                "The file is empty.",
                type=INVALID_PARAMETERS,
                title="Invalid Parameters",
                errors=[{"field": "body", "reason": "should not be empty"}],
            )
        case UploadTooSlow():
            return problem(408, "The upload took too long.")
        case QuotaExceeded():
            return _quota_problem(error)
        case BadForm():
            return problem(400, str(error))


def _quota_problem(error: QuotaExceeded) -> Response:
    response = problem(
        413,
        "The quota has no space for the file: delete others, or wait for running uploads.",
        type=QUOTA_EXCEEDED,
        title="Quota Exceeded",
        quota_bytes=error.quota.size_bytes,
        quota_count=error.quota.count,
        used_bytes=error.used_bytes,
        used_count=error.used_count,
    )
    if error.retry_after_seconds:
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    return response
