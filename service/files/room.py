"""The room of files, built."""

from collections.abc import Callable
from dataclasses import dataclass

from service import metrics as business
from service.files import routes
from service.files.quota import Quota
from service.files.repository import Files
from service.files.settings import FileSettings
from service.foundation import Foundation, Room


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesRoom(Room):
    """Files, each of one account."""

    files: Files


def build(
    foundation: Foundation, settings: FileSettings, is_in_care: Callable[[str, str], bool]
) -> FilesRoom:
    """Build the room.

    Args:
        foundation: Of this process.
        settings: Which types are taken, and the quota.
        is_in_care: Whether a therapist (first) treats a member (second), and may read their files.
    """
    quota = Quota(
        settings.file_quota_bytes, settings.file_quota_count, settings.file_upload_seconds
    )
    files = Files(foundation.database, quota)
    foundation.mongo.on_connect(files.create_indexes)
    sizes = foundation.telemetry.metrics.histogram(business.UPLOADS)
    service = routes.FileService(files, is_in_care, settings.file_types, sizes)
    return FilesRoom(files=files, blueprints=(routes.blueprint(service, foundation.route_metrics),))
