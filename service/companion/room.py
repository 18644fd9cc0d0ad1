"""Composition of the companion."""

from dataclasses import dataclass

from service.companion import routes
from service.companion.crisis import CrisisDetector
from service.companion.language_model import LanguageModel
from service.companion.repository import ConversationRepository
from service.companion.settings import CompanionSettings
from service.companion.turns import TurnFactory
from service.foundation import Foundation, Room


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanionRoom(Room):
    """Conversations with the companion."""

    conversations: ConversationRepository


def build(foundation: Foundation, settings: CompanionSettings) -> CompanionRoom:
    """Build the companion.

    Args:
        foundation: Of this process.
        settings: The language model's endpoint and its limits.
    """
    database, telemetry = foundation.database, foundation.telemetry
    conversations = ConversationRepository(
        database["conversations"], database["conversation_messages"]
    )
    foundation.retention.keep(
        "a member's own, until they delete the conversation",
        "conversations",
        "conversation_messages",
    )
    foundation.shard_keys.add(
        {"account_id": "hashed"},
        "a member's list asks one shard; ids begin with their time, and would fill one at a time",
        "conversations",
    )
    foundation.shard_keys.hashed(
        "ids begin with their time: a range would put every write on one shard; a page asks each",
        "conversation_messages",
    )
    conversations.add_indexes(foundation.indexes)
    model = LanguageModel(settings, telemetry)
    telemetry.on_shutdown(model.close)
    crisis = CrisisDetector.from_data()
    turns = TurnFactory(
        conversations, model, crisis, telemetry, settings.companion_context_messages
    )
    return CompanionRoom(
        conversations=conversations,
        blueprints=(routes.blueprint(turns, settings.companion_heartbeat_seconds),),
    )
