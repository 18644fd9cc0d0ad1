"""One message of a member and what becomes of it: help, an answer, a place in the conversation, a
figure in the metric.

The conversation is read before the model is asked and written after it has answered: while it is
waited for, nothing of the database is held. What was said is kept also when the client leaves in
the middle; nothing is when there was no answer, so that it can be sent again.
"""

import time
from collections.abc import Callable, Generator, Sequence
from typing import Final

from werkzeug.exceptions import NotFound

from service import metrics as business
from service.companion.crisis import Crisis
from service.companion.failures import Result
from service.companion.language_model import Model, Said
from service.companion.repository import (
    Conversation,
    ConversationMessage,
    Conversations,
    new_id,
    time_of,
)
from service.companion.schemas import HelpLineView, Kept
from service.mongo.connection import Unreachable
from telemetry import Telemetry, current_record

LONGEST_TITLE: Final = 60
NOT_KEPT: Final = Kept(conversation_id=None, message_id=None, reply_id=None)


class Turn:
    """One message, until it is answered.

    Args:
        talks: What all turns share.
        account_id: Whose message it is.
        message: What was said.
        conversation: To go on with; ``None`` for a new one.
        before: What was said in it before.
    """

    def __init__(
        self,
        talks: "Talks",
        account_id: str,
        message: str,
        conversation: Conversation | None,
        before: Sequence[ConversationMessage],
    ) -> None:
        self.said: list[str] = []
        self.help_lines = tuple(map(HelpLineView.of, talks.crisis.help_lines(message)))
        self._talks = talks
        self._began = talks.clock()
        self._message = message
        self._message_id = new_id()
        self._is_new = conversation is None
        self._conversation = conversation or _new_conversation(account_id, message)
        self._to_answer = [*(Said(one.by, one.text) for one in before), Said("member", message)]

    @property
    def reply(self) -> str | None:
        """What the companion has said so far; ``None`` for nothing."""
        return "".join(self.said) or None

    def pieces(self) -> Generator[str, None, None]:
        """The model's answer; what of it goes to the client, the caller notes in ``said``."""
        return self._talks.model.reply(self._to_answer)

    def end(self, result: Result, *, is_whole: bool) -> Kept:
        """Measure it, and keep what was said.

        Args:
            result: How it went.
            is_whole: Whether the companion said all that it had to say.
        """
        self._talks.measure(
            "crisis" if self.help_lines else result, self._talks.clock() - self._began
        )
        if not self.said and not self.help_lines:
            return NOT_KEPT
        try:
            return self._keep(is_whole)
        except Unreachable:
            if not self.help_lines:
                raise
            return NOT_KEPT  # whoever needs help is not told of a database instead

    def _keep(self, is_whole: bool) -> Kept:
        conversation_id, reply, reply_id = self._conversation.conversation_id, self.reply, new_id()
        messages = [
            ConversationMessage(
                self._message_id, "member", self._message, True, time_of(self._message_id)
            )
        ]
        if reply is not None:
            messages.append(
                ConversationMessage(reply_id, "companion", reply, is_whole, time_of(reply_id))
            )
        if self._is_new:
            self._talks.conversations.begin(self._conversation)
        if not self._talks.conversations.add(conversation_id, messages):
            return NOT_KEPT
        return Kept(
            conversation_id=conversation_id,
            message_id=self._message_id,
            reply_id=reply_id if reply is not None else None,
        )


class Talks:
    """What all turns share.

    Args:
        conversations: Where they are kept.
        model: Who answers.
        crisis: Who helps.
        telemetry: For the metric.
        context_messages: Earlier messages that the model gets to read.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        conversations: Conversations,
        model: Model,
        crisis: Crisis,
        telemetry: Telemetry,
        context_messages: int,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.conversations, self.model, self.crisis, self.clock = (
            conversations,
            model,
            crisis,
            clock,
        )
        self._context_messages = context_messages
        self._seconds = telemetry.metrics.histograms(business.COMPANION_DURATION)

    def begin(self, account_id: str, message: str, conversation_id: str | None) -> Turn:
        """A turn that has not asked the model yet.

        Raises:
            NotFound: There is no such conversation of the account; for somebody who may be in
                danger a new one is begun instead.
        """
        try:
            conversation = (
                self._find(conversation_id, account_id) if conversation_id is not None else None
            )
            before = (
                self.conversations.latest(conversation.conversation_id, self._context_messages)
                if conversation
                else ()
            )
        except (NotFound, Unreachable):
            if not self.crisis.languages_of(message):
                raise
            conversation, before = None, ()
        return Turn(self, account_id, message, conversation, before)

    def _find(self, conversation_id: str, account_id: str) -> Conversation:
        found = self.conversations.get(conversation_id, account_id)
        if found is None:
            raise NotFound("You have no conversation of that id.")
        return found

    def measure(self, result: Result, seconds: float) -> None:
        """Note how long a message took, with its trace where that is kept."""
        record = current_record()
        self._seconds[(result,)].observe(
            seconds, {"trace_id": record.trace_id} if record and record.sampled else None
        )


def _new_conversation(account_id: str, message: str) -> Conversation:
    conversation_id = new_id()
    title = " ".join(message.split())
    short = title if len(title) <= LONGEST_TITLE else f"{title[: LONGEST_TITLE - 1]}…"
    return Conversation(conversation_id, account_id, short, time_of(conversation_id))
