"""One turn of a conversation: a member's message, help lines if needed, the reply, and its metric.

The conversation is read before the model is called and written after its reply: during the call, no
resource of the database is held. Messages are also stored when the client disconnects during the
reply; without a reply nothing is stored, so that the client can send the message again.
"""

import time
from collections.abc import Callable, Generator, Sequence
from typing import Final

from werkzeug.exceptions import NotFound

from service import metrics as business
from service.companion.crisis import CrisisDetector
from service.companion.failures import Result
from service.companion.ids import created_at, new_id
from service.companion.language_model import LanguageModel
from service.companion.model import Conversation, ConversationMessage, Message
from service.companion.repository import ConversationRepository
from service.companion.schemas import HelpLineView, StoredIds
from service.http.characters import cut
from service.mongo.connection import Unreachable
from telemetry import Telemetry

LONGEST_TITLE: Final = 60
NOT_STORED: Final = StoredIds(conversation_id=None, message_id=None, reply_id=None)


class Turn:
    """One message of a member, until its reply is complete.

    Args:
        factory: Shared parts of all turns.
        account_id: Account of the member.
        message: The member's text.
        conversation: To continue; ``None`` for a new one.
        earlier: Messages of the conversation that the model reads too.
    """

    def __init__(
        self,
        factory: "TurnFactory",
        account_id: str,
        message: str,
        conversation: Conversation | None,
        earlier: Sequence[ConversationMessage],
    ) -> None:
        self.sent_pieces: list[str] = []
        self.help_lines = tuple(map(HelpLineView.of, factory.crisis.help_lines(message)))
        self._factory = factory
        self._began = factory.clock()
        self._message = message
        self._message_id = new_id()
        self._is_new = conversation is None
        self._conversation = conversation or _new_conversation(account_id, message)
        self._context = [Message(one.by, one.text) for one in earlier]

    @property
    def reply(self) -> str | None:
        """The reply so far; ``None`` when it is empty."""
        return "".join(self.sent_pieces) or None

    def reply_pieces(self) -> Generator[str, None, None]:
        """Return the model's reply; the caller adds what it sends to ``sent_pieces``."""
        return self._factory.model.reply([*self._context, Message("member", self._message)])

    def finish(self, result: Result, *, is_whole: bool) -> StoredIds:
        """Record the turn's metric and store its messages.

        Args:
            result: Outcome of the reply.
            is_whole: Whether the reply is complete.

        Raises:
            pymongo.errors.ConnectionFailure: The messages cannot be stored, and no help lines were
                sent.
        """
        seconds = self._factory.clock() - self._began
        self._factory.record_duration("crisis" if self.help_lines else result, seconds)
        if not self.sent_pieces and not self.help_lines:
            return NOT_STORED
        try:
            return self._store(is_whole=is_whole)
        except Unreachable:
            if not self.help_lines:
                raise
            return NOT_STORED  # help lines are worth more than an error about the database

    def _store(self, *, is_whole: bool) -> StoredIds:
        conversation_id, reply, reply_id = self._conversation.conversation_id, self.reply, new_id()
        messages = [
            ConversationMessage(
                self._message_id, "member", self._message, True, created_at(self._message_id)
            )
        ]
        if reply is not None:
            messages.append(
                ConversationMessage(reply_id, "companion", reply, is_whole, created_at(reply_id))
            )
        if self._is_new:
            self._factory.conversations.begin(self._conversation)
        if not self._factory.conversations.add(conversation_id, messages):
            return NOT_STORED
        return StoredIds(
            conversation_id=conversation_id,
            message_id=self._message_id,
            reply_id=reply_id if reply is not None else None,
        )


class TurnFactory:
    """Creates turns; holds what they share.

    Args:
        conversations: Stores them.
        model: Generates replies.
        crisis: Finds help lines.
        telemetry: For the metric.
        context_messages: Earlier messages that the model reads.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        conversations: ConversationRepository,
        model: LanguageModel,
        crisis: CrisisDetector,
        telemetry: Telemetry,
        context_messages: int,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.conversations = conversations
        self.model = model
        self.crisis = crisis
        self.clock = clock
        self._context_messages = context_messages
        self._seconds = telemetry.metrics.histograms(business.COMPANION_DURATION)
        self._observe = telemetry.observe

    def create(self, account_id: str, message: str, conversation_id: str | None) -> Turn:
        """Return a turn whose reply has not started.

        Raises:
            NotFound: The account has no such conversation. An alarming message starts a new one
                instead.
        """
        try:
            conversation = (
                self._find(conversation_id, account_id) if conversation_id is not None else None
            )
            earlier = (
                self.conversations.latest(conversation.conversation_id, self._context_messages)
                if conversation
                else ()
            )
        except (NotFound, Unreachable):
            if not self.crisis.alarming_languages(message):
                raise
            conversation, earlier = None, ()
        return Turn(self, account_id, message, conversation, earlier)

    def record_duration(self, result: Result, seconds: float) -> None:
        """Record the duration of a message, with its trace id when the trace is kept."""
        self._observe(self._seconds[(result,)], seconds)

    def _find(self, conversation_id: str, account_id: str) -> Conversation:
        found = self.conversations.get(conversation_id, account_id)
        if found is None:
            raise NotFound("You have no conversation of that id.")
        return found


def _new_conversation(account_id: str, message: str) -> Conversation:
    conversation_id = new_id()
    title = " ".join(message.split())
    short = title if len(title) <= LONGEST_TITLE else f"{cut(title, LONGEST_TITLE - 1)}…"
    return Conversation(conversation_id, account_id, short, created_at(conversation_id))
