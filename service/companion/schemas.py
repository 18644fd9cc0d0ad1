"""What clients send to the companion and get from it."""

from typing import Annotated, Final, Self

from flask import request
from pydantic import AfterValidator, Field, StringConstraints

from service.companion.model import Conversation, ConversationMessage, HelpLine, Speaker
from service.http.accepts import best_type
from service.http.operation import EVENT_STREAM
from service.http.pagination import CURSOR_DESCRIPTION, ListQuery
from service.http.responses import Instant, Model
from service.http.text_fields import Matching

MEDIA_TYPES: Final = ("application/json", EVENT_STREAM)
LONGEST_MESSAGE: Final = 4000
_ID = "^[0-9a-f]{32}$"
# The characters that ``str.strip`` removes.
_BLANK = r"\u0009-\u000d\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
NOT_BLANK: Final = rf"^[{_BLANK}]*[^\u0000{_BLANK}][^\u0000]*$"


Id = Annotated[str, StringConstraints(pattern=_ID)]
Text = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST_MESSAGE),
    Matching(NOT_BLANK, "should not be blank, nor have NUL characters"),
    AfterValidator(str.strip),
]


class MessageRequest(Model):
    """A message of a member."""

    message: Text
    conversation_id: str | None = Field(
        default=None,
        max_length=64,
        description="The conversation to continue; without it a new one begins.",
    )
    stream: bool = Field(
        default=False,
        strict=True,
        description="Reply as server-sent events, as with `Accept: text/event-stream`.",
    )


def wants_events(body: MessageRequest) -> bool:
    """Return whether the current request asks for its reply as events."""
    return body.stream or best_type(request.headers.get("Accept", ""), MEDIA_TYPES) == EVENT_STREAM


class HelpLineView(Model):
    """A help line for people in a crisis."""

    country: str | None = Field(description="ISO 3166-1 alpha-2; null for a worldwide one.")
    name: str
    phone: str | None = Field(description="As dialled in that country.")
    url: str | None

    @classmethod
    def of(cls, line: HelpLine) -> Self:
        """Return the view of a help line."""
        return cls(
            country=line.country or None,
            name=line.name,
            phone=line.phone or None,
            url=line.url or None,
        )


class StoredIds(Model):
    """Ids of a stored message and its reply; all null when nothing was stored."""

    conversation_id: str | None
    message_id: str | None = Field(description="Id of the member's message.")
    reply_id: str | None = Field(description="Id of the companion's reply; null without one.")


class Reply(StoredIds):
    """The companion's reply to a message."""

    reply: str | None = Field(
        description="Null when the companion has no reply, which happens with help lines only."
    )
    help_lines: tuple[HelpLineView, ...] = Field(
        description="For people who may be in danger; usually empty."
    )


class ConversationView(Model):
    """A conversation without its messages."""

    conversation_id: str
    title: str = Field(description="The beginning of its first message.")
    begun_at: Instant

    @classmethod
    def of(cls, conversation: Conversation) -> Self:
        """Return the view of a conversation."""
        return cls(
            conversation_id=conversation.conversation_id,
            title=conversation.title,
            begun_at=conversation.begun_at,
        )


class MessageView(Model):
    """One message of a conversation."""

    message_id: str
    by: Speaker
    text: str
    is_whole: bool = Field(description="False for a reply that was interrupted.")
    at: Instant

    @classmethod
    def of(cls, message: ConversationMessage) -> Self:
        """Return the view of a message."""
        return cls(
            message_id=message.message_id,
            by=message.by,
            text=message.text,
            is_whole=message.is_whole,
            at=message.at,
        )


class ConversationsPage(Model):
    """A page of conversations, newest first."""

    conversations: tuple[ConversationView, ...]
    next: str | None = Field(description="URL of the next page; null on the last one.")


class WholeConversation(ConversationView):
    """A conversation with a page of its messages, oldest first."""

    messages: tuple[MessageView, ...]
    next: str | None = Field(description="URL of the next messages; null on the last page.")


class ConversationsQuery(ListQuery):
    """Query of a page of conversations or of messages."""

    cursor: Annotated[Id | None, Field(description=CURSOR_DESCRIPTION)] = None
