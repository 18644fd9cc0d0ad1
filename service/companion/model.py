"""Conversations with the companion, and help lines, as frozen values."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Speaker = Literal["member", "companion"]


@dataclass(frozen=True, slots=True)
class Message:
    """One message, as the language model reads it."""

    by: Speaker
    text: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """A member's conversation with the companion, without its messages.

    Args:
        conversation_id: 32 hex digits; later ones are greater.
        account_id: Account of the member.
        title: The beginning of its first message.
        begun_at: In UTC, to the millisecond.
    """

    conversation_id: str
    account_id: str
    title: str
    begun_at: datetime


@dataclass(frozen=True, slots=True)
class ConversationMessage:
    """One stored message of a conversation.

    Args:
        message_id: 32 hex digits; later ones are greater.
        by: Its sender.
        text: Without NUL characters.
        is_whole: False for a reply that was interrupted.
        at: In UTC, to the millisecond.
    """

    message_id: str
    by: Speaker
    text: str
    is_whole: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class HelpLine:
    """A help line for people in a crisis.

    Args:
        country: ISO 3166-1 alpha-2; empty for a worldwide one.
        name: Of the organisation.
        phone: As dialled in that country; empty for a service on the web only.
        url: Web page; empty for a service without one.
    """

    country: str
    name: str
    phone: str = ""
    url: str = ""
