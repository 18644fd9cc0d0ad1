"""Files and quotas as frozen values."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file, without its bytes.

    Args:
        media_type: Detected from its content.
        sha256: Of its bytes, in hex.
        uploaded_at: In UTC, to the millisecond.
        charset: Of a text; empty for texts of versions that took UTF-8 only.
    """

    file_id: str
    owner_id: str
    name: str
    media_type: str
    size_bytes: int
    sha256: str
    uploaded_at: datetime
    charset: str = ""


@dataclass(frozen=True, slots=True)
class Quota:
    """How much an account may store.

    Args:
        size_bytes: Of all its files.
        count: Of files.
        upload_seconds: Most time for one upload.
    """

    size_bytes: int
    count: int
    upload_seconds: float
