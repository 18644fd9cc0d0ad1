"""Settings of files: the accepted media types, and the quota of an account."""

from typing import Annotated

from service.files.accepted_uploads import ACCEPTED_MEDIA_TYPES
from telemetry import AfterValidator, Field, PositiveSeconds, Settings, Words


def _accepted(given: tuple[str, ...]) -> tuple[str, ...]:
    if not given or set(given) - set(ACCEPTED_MEDIA_TYPES):
        raise ValueError(f"should be some of {', '.join(ACCEPTED_MEDIA_TYPES)}")
    return given


class FileSettings(Settings):
    """Accepted media types, and the quota of an account."""

    file_quota_bytes: Annotated[int, Field(ge=1, le=1024**4)] = Field(
        250 * 1024**2,
        alias="FILES_QUOTA_BYTES",
        description="most bytes of files that an account may store",
    )
    file_quota_count: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        1000, alias="FILES_QUOTA_COUNT", description="most files that an account may store"
    )
    file_types: Annotated[Words, AfterValidator(_accepted)] = Field(
        ACCEPTED_MEDIA_TYPES,
        alias="FILES_TYPES",
        description="accepted media types, detected from the content, separated by commas",
    )
    file_upload_seconds: PositiveSeconds = Field(
        1800.0,
        alias="FILES_UPLOAD_SECONDS",
        description=(
            "most time for one upload; after twice as long, the remains of an interrupted one are "
            "removed"
        ),
    )
