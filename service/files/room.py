"""Composition of the files."""

from collections.abc import Callable
from dataclasses import dataclass

from service import metrics as business
from service.files import routes
from service.files.library import FileLibrary
from service.files.model import Quota
from service.files.repository import BUCKET, FileRepository
from service.files.settings import FileSettings
from service.foundation import Foundation, Room


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesRoom(Room):
    """Files, each owned by one account."""

    files: FileRepository


def build(
    foundation: Foundation, settings: FileSettings, is_in_care: Callable[[str, str], bool]
) -> FilesRoom:
    """Build the files.

    Args:
        foundation: Of this process.
        settings: Accepted types, and the quota.
        is_in_care: Whether a therapist (first) treats a member (second), and may read their files.
    """
    quota = Quota(
        settings.file_quota_bytes, settings.file_quota_count, settings.file_upload_seconds
    )
    files = FileRepository(foundation.database, quota)
    foundation.retention.keep(
        "a member's own, until they delete the file; at most the quota",
        f"{BUCKET}.files",
        f"{BUCKET}.chunks",
    )
    foundation.retention.keep(
        "one for each running upload; the next upload removes those of interrupted ones, with "
        "their chunks",
        f"{BUCKET}.reservations",
    )
    foundation.shard_keys.hashed("read by the file's id", f"{BUCKET}.files")
    foundation.shard_keys.add(
        {"files_id": 1, "n": 1},
        "GridFS's unique index, which a shard key has to lead; ids of files are random",
        f"{BUCKET}.chunks",
    )
    foundation.shard_keys.unsharded("one for each running upload", f"{BUCKET}.reservations")
    files.add_indexes(foundation.indexes)
    sizes = foundation.telemetry.metrics.histogram(business.UPLOADS)
    library = FileLibrary(files, is_in_care, settings.file_types, sizes)
    return FilesRoom(files=files, blueprints=(routes.blueprint(library, foundation.route_metrics),))
