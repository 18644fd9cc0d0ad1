"""The room of the service itself: builds its root page, documentation and health."""

from service.foundation import Foundation, Room
from service.system import documentation, health, root


def build(foundation: Foundation) -> Room:
    """Build the room.

    Args:
        foundation: Shared parts of the process.
    """
    version = foundation.telemetry.config.service_version
    return Room(
        blueprints=(
            root.blueprint(version),
            documentation.blueprint(version),
            health.blueprint(foundation.telemetry.health),
        )
    )
