"""Conversations in MongoDB: one document for each conversation, and one for each message.

Ids begin with their time of creation, so the order of ids is the order of creation, and a page of
messages needs no other index than the one of ``_id``. The ``_id`` of a message begins with its
conversation's. A conversation is deleted before its messages, and ``add`` checks afterwards whether
the conversation still exists: so no message outlives its conversation, also when both happen at
once.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.collection import Collection

from service.companion.model import Conversation, ConversationMessage
from service.mongo.indexes import Indexes

INDEXES: Final = (IndexModel([("account_id", ASCENDING), ("_id", DESCENDING)]),)

Document = dict[str, Any]


class ConversationRepository:
    """Repository of conversations.

    Args:
        conversations: Returns time-zone aware datetimes.
        messages: Of all conversations.
    """

    def __init__(self, conversations: Collection[Document], messages: Collection[Document]) -> None:
        self._conversations = conversations
        self._messages = messages

    def page(
        self, account_id: str, *, limit: int, before: str | None = None
    ) -> Sequence[Conversation]:
        """Return conversations of an account, newest first.

        Args:
            account_id: Account of the member.
            limit: Most conversations.
            before: Only those older than the one with this id.
        """
        query: Document = {"account_id": account_id} | ({"_id": {"$lt": before}} if before else {})
        documents = self._conversations.find(query, sort=[("_id", DESCENDING)], limit=limit)
        return [_conversation(document) for document in documents]

    def get(self, conversation_id: str, account_id: str) -> Conversation | None:
        """Return the conversation with that id if it belongs to the account."""
        document = self._conversations.find_one({"_id": conversation_id, "account_id": account_id})
        return _conversation(document) if document else None

    def messages(
        self, conversation_id: str, *, limit: int, after: str | None = None
    ) -> Sequence[ConversationMessage]:
        """Return messages, oldest first.

        Args:
            conversation_id: Of their conversation.
            limit: Most messages.
            after: Only those later than the one with this id.
        """
        return self._find(_range(conversation_id, after), ASCENDING, limit)

    def latest(self, conversation_id: str, count: int) -> Sequence[ConversationMessage]:
        """Return the latest messages, oldest first; none when ``count`` is 0."""
        return self._find(_range(conversation_id), DESCENDING, count)[::-1] if count else []

    def begin(self, conversation: Conversation) -> None:
        """Store a new conversation."""
        self._conversations.insert_one(
            {
                "_id": conversation.conversation_id,
                "account_id": conversation.account_id,
                "title": conversation.title,
                "begun_at": conversation.begun_at,
            }
        )

    def add(self, conversation_id: str, messages: Sequence[ConversationMessage]) -> bool:
        """Store messages, in order.

        Returns:
            False when the conversation was deleted meanwhile; the messages are not stored then.
        """
        self._messages.insert_many([_document(conversation_id, message) for message in messages])
        if self._conversations.find_one({"_id": conversation_id}, {"_id": True}) is not None:
            return True
        self._messages.delete_many({"_id": _range(conversation_id)})
        return False

    def delete(self, conversation_id: str, account_id: str) -> bool:
        """Delete a conversation with all of its messages.

        Returns:
            Whether it existed and belonged to the account.
        """
        query = {"_id": conversation_id, "account_id": account_id}
        if self._conversations.delete_one(query).deleted_count != 1:
            return False
        self._messages.delete_many({"_id": _range(conversation_id)})
        return True

    def add_indexes(self, indexes: Indexes) -> None:
        """Add the indexes of its queries to the list."""
        indexes.add(self._conversations, *INDEXES)

    def _find(self, ids: Mapping[str, str], order: int, limit: int) -> list[ConversationMessage]:
        documents = self._messages.find({"_id": ids}, sort=[("_id", order)], limit=limit)
        return [_message(document) for document in documents]


def _range(conversation_id: str, after: str | None = None) -> dict[str, str]:
    start = {"$gt": f"{conversation_id}:{after}"} if after else {"$gte": f"{conversation_id}:"}
    return start | {"$lt": f"{conversation_id};"}  # ";" is the character after ":"


def _conversation(document: Mapping[str, Any]) -> Conversation:
    return Conversation(
        document["_id"], document["account_id"], document["title"], document["begun_at"]
    )


def _document(conversation_id: str, message: ConversationMessage) -> Document:
    return {
        "_id": f"{conversation_id}:{message.message_id}",
        "by": message.by,
        "text": message.text,
        "is_whole": message.is_whole,
        "at": message.at,
    }


def _message(document: Mapping[str, Any]) -> ConversationMessage:
    message_id = document["_id"].rpartition(":")[2]
    return ConversationMessage(
        message_id, document["by"], document["text"], document["is_whole"], document["at"]
    )
