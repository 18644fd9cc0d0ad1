"""The room of the companion, built."""

from dataclasses import dataclass

from service.companion import routes
from service.companion.crisis import Crisis
from service.companion.language_model import Model
from service.companion.repository import Conversations
from service.companion.settings import CompanionSettings
from service.companion.turns import Talks
from service.foundation import Foundation, Room


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanionRoom(Room):
    """Conversations with the companion."""

    conversations: Conversations


def build(foundation: Foundation, settings: CompanionSettings) -> CompanionRoom:
    """Build the room.

    Args:
        foundation: Of this process.
        settings: The model's endpoint, and how much of it is used.
    """
    database, telemetry = foundation.database, foundation.telemetry
    conversations = Conversations(database["conversations"], database["conversation_messages"])
    foundation.mongo.on_connect(conversations.create_indexes)
    model = Model(settings, telemetry)
    telemetry.on_shutdown(model.close)
    talks = Talks(
        conversations, model, Crisis.from_data(), telemetry, settings.companion_context_messages
    )
    return CompanionRoom(
        conversations=conversations,
        blueprints=(routes.blueprint(talks, settings.companion_heartbeat_seconds),),
    )
