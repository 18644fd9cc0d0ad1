"""Conversations with the companion, in MongoDB: one document each, and one for every message.

Ids begin with the time, so that the order of ids is the order of things and a page needs no other
index than the one of ``_id``. A message's ``_id`` begins with its conversation's. A conversation is
deleted before its messages, and whoever adds some looks afterwards whether it is still there: so no
message outlives its conversation, also when both happen at once.
"""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.collection import Collection


INDEXES: Final = (IndexModel([("account_id", ASCENDING), ("_id", DESCENDING)]),)

Speaker = Literal["member", "companion"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TIME_DIGITS: Final = 16
_RANDOM_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class Conversation:
    """What a member and the companion talk about.

    Args:
        conversation_id: 32 hex digits; later ones are greater.
        account_id: Whose it is.
        title: How its first message begins.
        begun_at: In UTC, to the millisecond.
    """

    conversation_id: str
    account_id: str
    title: str
    begun_at: datetime


@dataclass(frozen=True, slots=True)
class ConversationMessage:
    """One message.

    Args:
        message_id: 32 hex digits; later ones are greater.
        by: Who said it.
        text: What was said.
        is_whole: Whether it was said to its end.
        at: In UTC, to the millisecond.
    """

    message_id: str
    by: Speaker
    text: str
    is_whole: bool
    at: datetime


def new_id() -> str:
    """An id that is greater than those before it and that nobody can guess."""
    return f"{time.time_ns():0{_TIME_DIGITS}x}{secrets.token_hex(_RANDOM_BYTES)}"


def time_of(id: str) -> datetime:
    """When an id was made, in UTC, to the millisecond."""
    return _EPOCH + timedelta(milliseconds=int(id[:_TIME_DIGITS], 16) // 10**6)


class Conversations:
    """Repository of conversations.

    Args:
        conversations: Returns time-zone aware datetimes.
        messages: Of all of them.
    """

    def __init__(
        self, conversations: Collection[dict[str, Any]], messages: Collection[dict[str, Any]]
    ) -> None:
        self._conversations = conversations
        self._messages = messages

    def page(
        self, account_id: str, *, limit: int, before: str | None = None
    ) -> Sequence[Conversation]:
        """Conversations of an account, newest first.

        Args:
            account_id: Whose.
            limit: At most so many.
            before: Only those older than the one of this id.
        """
        query: dict[str, Any] = {"account_id": account_id} | (
            {"_id": {"$lt": before}} if before else {}
        )
        return [
            _conversation(found)
            for found in self._conversations.find(query, sort=[("_id", DESCENDING)], limit=limit)
        ]

    def get(self, conversation_id: str, account_id: str) -> Conversation | None:
        """The conversation of that id, if it is the account's."""
        found = self._conversations.find_one({"_id": conversation_id, "account_id": account_id})
        return _conversation(found) if found else None

    def messages(
        self, conversation_id: str, *, limit: int, after: str | None = None
    ) -> Sequence[ConversationMessage]:
        """Messages, oldest first.

        Args:
            conversation_id: Of which conversation.
            limit: At most so many.
            after: Only those later than the one of this id.
        """
        return self._find(_range(conversation_id, after), ASCENDING, limit)

    def latest(self, conversation_id: str, count: int) -> Sequence[ConversationMessage]:
        """The last messages, oldest first; none when ``count`` is 0."""
        return self._find(_range(conversation_id), DESCENDING, count)[::-1] if count else []

    def begin(self, conversation: Conversation) -> None:
        """Keep a new conversation."""
        self._conversations.insert_one(
            {
                "_id": conversation.conversation_id,
                "account_id": conversation.account_id,
                "title": conversation.title,
                "begun_at": conversation.begun_at,
            }
        )

    def add(self, conversation_id: str, messages: Sequence[ConversationMessage]) -> bool:
        """Keep messages, in order.

        Returns:
            Whether they are kept; they are not when the conversation was deleted meanwhile.
        """
        self._messages.insert_many([_document(conversation_id, message) for message in messages])
        if self._conversations.find_one({"_id": conversation_id}, {"_id": True}) is not None:
            return True
        self._messages.delete_many({"_id": _range(conversation_id)})
        return False

    def delete(self, conversation_id: str, account_id: str) -> bool:
        """Delete a conversation with all of its messages.

        Returns:
            Whether it was there, and the account's.
        """
        if (
            self._conversations.delete_one(
                {"_id": conversation_id, "account_id": account_id}
            ).deleted_count
            != 1
        ):
            return False
        self._messages.delete_many({"_id": _range(conversation_id)})
        return True

    def create_indexes(self) -> None:
        """Create what is missing; does nothing when all are there."""
        for index in INDEXES:
            self._conversations.create_indexes([index])

    def _find(self, ids: dict[str, str], order: int, limit: int) -> list[ConversationMessage]:
        return [
            _message(found)
            for found in self._messages.find({"_id": ids}, sort=[("_id", order)], limit=limit)
        ]


def _range(conversation_id: str, after: str | None = None) -> dict[str, str]:
    beginning = {"$gt": f"{conversation_id}:{after}"} if after else {"$gte": f"{conversation_id}:"}
    return beginning | {"$lt": f"{conversation_id};"}  # the character after the colon


def _conversation(document: dict[str, Any]) -> Conversation:
    return Conversation(
        document["_id"], document["account_id"], document["title"], document["begun_at"]
    )


def _document(conversation_id: str, message: ConversationMessage) -> dict[str, Any]:
    return {
        "_id": f"{conversation_id}:{message.message_id}",
        "by": message.by,
        "text": message.text,
        "is_whole": message.is_whole,
        "at": message.at,
    }


def _message(document: dict[str, Any]) -> ConversationMessage:
    message_id = document["_id"].rpartition(":")[2]
    return ConversationMessage(
        message_id, document["by"], document["text"], document["is_whole"], document["at"]
    )
