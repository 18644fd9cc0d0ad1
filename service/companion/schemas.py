"""What the routes of the companion take and answer."""

from typing import Annotated, Literal, Self

from flask import request
from pydantic import AfterValidator, Field, StringConstraints

from service.companion.crisis import HelpLine
from service.companion.repository import Conversation, ConversationMessage
from service.http.pagination import CURSOR_DESCRIPTION, ListQuery
from service.http.responses import Instant, Model
from service.http.text_fields import Matching

EVENT_STREAM = "text/event-stream"
LONGEST_MESSAGE = 4000
_ID = "^[0-9a-f]{32}$"
# All that ``str.strip`` takes away.
_BLANK = r"\u0009-\u000d\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
SOMETHING = rf"^[{_BLANK}]*[^\u0000{_BLANK}][^\u0000]*$"


Id = Annotated[str, StringConstraints(pattern=_ID)]
Text = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST_MESSAGE),
    Matching(SOMETHING, "should say something, without NUL characters"),
    AfterValidator(str.strip),
]


class MessageRequest(Model):
    """What a member says."""

    message: Text
    conversation_id: str | None = Field(
        default=None,
        max_length=64,
        description="The conversation to go on with; a new one without it.",
    )
    stream: bool = Field(
        default=False,
        strict=True,
        description="Answer in server-sent events; so does `Accept: text/event-stream`.",
    )


def wants_events(body: MessageRequest) -> bool:
    """Whether the current request asks for its answer as events."""
    return (
        body.stream
        or request.accept_mimetypes.best_match(["application/json", EVENT_STREAM]) == EVENT_STREAM
    )


class HelpLineView(Model):
    """Where help is."""

    country: str | None = Field(description="ISO 3166-1 alpha-2; null for everywhere.")
    name: str
    phone: str | None = Field(description="As it is dialled in that country.")
    url: str | None

    @classmethod
    def of(cls, line: HelpLine) -> Self:
        """As clients see it."""
        return cls(
            country=line.country or None,
            name=line.name,
            phone=line.phone or None,
            url=line.url or None,
        )


class Kept(Model):
    """What became of a message; all null when nothing could be kept."""

    conversation_id: str | None
    message_id: str | None = Field(description="Of what the member said.")
    reply_id: str | None = Field(description="Of the companion's reply; null when there is none.")


class Reply(Kept):
    """The companion's answer."""

    reply: str | None = Field(
        description="Null when the companion had no answer, which is so with help lines only."
    )
    help_lines: tuple[HelpLineView, ...] = Field(
        description="For whoever may be in danger; mostly empty."
    )


class ConversationView(Model):
    """A conversation without its messages."""

    conversation_id: str
    title: str = Field(description="How its first message begins.")
    begun_at: Instant

    @classmethod
    def of(cls, conversation: Conversation) -> Self:
        """As clients see it."""
        return cls(
            conversation_id=conversation.conversation_id,
            title=conversation.title,
            begun_at=conversation.begun_at,
        )


class MessageView(Model):
    """One message of a conversation."""

    message_id: str
    by: Literal["member", "companion"]
    text: str
    is_whole: bool = Field(description="False for a reply that was cut short.")
    at: Instant

    @classmethod
    def of(cls, message: ConversationMessage) -> Self:
        """As clients see it."""
        return cls(
            message_id=message.message_id,
            by=message.by,
            text=message.text,
            is_whole=message.is_whole,
            at=message.at,
        )


class ConversationsPage(Model):
    """Some conversations, newest first."""

    conversations: tuple[ConversationView, ...]
    next: str | None = Field(description="URL of the next page; null on the last one.")


class WholeConversation(ConversationView):
    """A conversation with some of its messages, oldest first."""

    messages: tuple[MessageView, ...]
    next: str | None = Field(
        description="URL of the messages after these; null when there are none."
    )


class ConversationsQuery(ListQuery):
    """What a page of conversations, or of messages, is asked for with."""

    cursor: Annotated[Id | None, Field(description=CURSOR_DESCRIPTION)] = None
