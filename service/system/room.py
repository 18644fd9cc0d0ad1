"""The room of the service itself, built: what it is, how its API is used, how it is."""

from service.foundation import Foundation, Room
from service.system import documentation, health, root


def build(foundation: Foundation) -> Room:
    """Build the room.

    Args:
        foundation: Of this process.
    """
    version = foundation.telemetry.config.service_version
    return Room(
        blueprints=(
            root.blueprint(version),
            documentation.blueprint(version),
            health.blueprint(foundation.telemetry.health),
        )
    )
