"""Settings of files: what may be uploaded, and how much each account may keep."""

from typing import Annotated, Final

from pydantic import AfterValidator, Field

from telemetry import Settings
from telemetry.config import PositiveSeconds, Words

MEDIA_TYPES: Final = (
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "image/heif",
    "application/pdf",
    "text/plain",
    "audio/mpeg",
    "audio/mp4",
    "audio/ogg",
    "audio/wav",
    "audio/flac",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.oasis.opendocument.text",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.oasis.opendocument.presentation",
)
"""Every type that a file can be told to be of, by its content."""


def _known(given: tuple[str, ...]) -> tuple[str, ...]:
    if not given or set(given) - set(MEDIA_TYPES):
        raise ValueError(f"should be some of {', '.join(MEDIA_TYPES)}")
    return given


class FileSettings(Settings):
    """How much each account may keep, and of what."""

    file_quota_bytes: Annotated[int, Field(ge=1, le=1024**4)] = Field(
        250 * 1024**2,
        alias="FILES_QUOTA_BYTES",
        description="most bytes of files that an account may keep",
    )
    file_quota_count: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        1000, alias="FILES_QUOTA_COUNT", description="most files that an account may keep"
    )
    file_types: Annotated[Words, AfterValidator(_known)] = Field(
        MEDIA_TYPES,
        alias="FILES_TYPES",
        description="types of files that are taken, as their content shows them, separated by commas",
    )
    file_upload_seconds: PositiveSeconds = Field(
        1800.0,
        alias="FILES_UPLOAD_SECONDS",
        description="most time for one upload; after twice as long, what is left of one that never ended is thrown away",
    )
