"""Routes of the companion: send a message; list, read and delete conversations.

Members only see their own conversations. What happens to a message is in ``turns``, how the reply
is sent in ``streaming``.
"""

from collections.abc import Callable
from typing import Any, Final

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from service import rate_limits
from service.accounts.guard import current_account, protected
from service.companion import help_lines, problems, streaming
from service.companion.failures import ModelUnavailable
from service.companion.model import Conversation
from service.companion.repository import ConversationRepository
from service.companion.schemas import (
    MEDIA_TYPES,
    ConversationsPage,
    ConversationsQuery,
    ConversationView,
    MessageRequest,
    MessageView,
    Reply,
    WholeConversation,
    wants_events,
)
from service.companion.turns import TurnFactory
from service.http.openapi.links import Link, links_to
from service.http.operation import EVENT_STREAM, ResponseSpec, any_accept, operation
from service.http.pagination import LINK, with_next_link
from service.http.responses import json_response
from telemetry import slow_after

View = Callable[..., Any]

TAG: Final = "Companion"

for_members: Callable[[View], View] = protected(role="member")

SLOW_AFTER_SECONDS: Final = 15.0
"""A reply of the model takes seconds; only a longer one is reported as slow."""

ID: Final = {"conversation_id": "The conversation's id."}
REPLY: Final = ResponseSpec(
    "The reply, as JSON or as events: `help` if the message is alarming, `message` with each "
    "`delta`, then `done` or `error`.",
    Reply,
    media_types=MEDIA_TYPES,
    headers={"Cache-Control": "`no-store`.", "Vary": "`Accept`, among others."},
    links=(
        *links_to(
            {"conversation_id": "$response.body#/conversation_id"},
            "companion.get_conversation",
            "companion.delete_conversation",
        ),
        Link("companion.send_message", body={"conversation_id": "$response.body#/conversation_id"}),
    ),
)


def blueprint(turns: TurnFactory, heartbeat_seconds: float) -> Blueprint:
    """Return the routes of the companion.

    Args:
        turns: Creates a turn for each message.
        heartbeat_seconds: Longest silence of a stream of events.
    """
    routes = Blueprint("companion", __name__, url_prefix="/api/v1/companion")
    routes.after_request(help_lines.help_on_problems(turns, "companion.send_message"))
    routes.register_error_handler(ModelUnavailable, problems.as_response)
    _add_messages(routes, turns, heartbeat_seconds)
    _add_list(routes, turns.conversations)
    _add_conversation(routes, turns.conversations)
    return routes


def _add_messages(routes: Blueprint, turns: TurnFactory, heartbeat_seconds: float) -> None:
    @routes.post("/messages")
    @slow_after(SLOW_AFTER_SECONDS)
    @rate_limits.limited("companion", on_limited=help_lines.help_over_the_limit(turns))
    @for_members
    @operation(
        TAG,
        {200: REPLY},
        body=MessageRequest,
        problems=(404, *problems.STATUSES),
    )
    @any_accept  # a message from a person in danger is not refused over the form of its reply
    def send_message(body: MessageRequest) -> Response:
        """Send a message

        Returns the companion's reply. A message from a person who may be in danger gets help
        lines, also when the companion has no reply, and with status 200 when it exceeds the rate
        limit. Every problem has the member `help_lines` with the worldwide help lines.
        """
        turn = turns.create(current_account().account_id, body.message, body.conversation_id)
        if wants_events(body):
            is_connected = streaming.connection_check(request.environ)
            events = streaming.EventStream(turn, request.path, heartbeat_seconds, is_connected)
            return Response(events, mimetype=EVENT_STREAM, headers=streaming.STREAM_HEADERS)
        response = json_response(streaming.whole_reply(turn))
        response.headers["Cache-Control"] = "no-store"
        response.headers["Vary"] = "Accept"
        return response


def _add_list(routes: Blueprint, conversations: ConversationRepository) -> None:
    @routes.get("/conversations")
    @for_members
    @operation(
        TAG,
        {200: ResponseSpec("A page of conversations.", ConversationsPage, headers=LINK)},
        query=ConversationsQuery,
    )
    def list_conversations(query: ConversationsQuery) -> Response:
        """List conversations

        Returns the caller's conversations, newest first.
        """
        account_id = current_account().account_id
        found = conversations.page(account_id, limit=query.limit + 1, before=query.cursor)
        shown = found[: query.limit]
        last = shown[-1].conversation_id if len(found) > query.limit else None
        next_url = query.url_at("companion.list_conversations", last)
        views = tuple(map(ConversationView.of, shown))
        page = ConversationsPage(conversations=views, next=next_url)
        return with_next_link(json_response(page), next_url)


def _add_conversation(routes: Blueprint, conversations: ConversationRepository) -> None:
    @routes.get("/conversations/<conversation_id>")
    @for_members
    @operation(
        TAG,
        {
            200: ResponseSpec(
                "The conversation with a page of messages.", WholeConversation, headers=LINK
            )
        },
        query=ConversationsQuery,
        problems=(404,),
        path=ID,
    )
    def get_conversation(conversation_id: str, query: ConversationsQuery) -> Response:
        """Get a conversation

        Returns a conversation of the caller with a page of its messages, oldest first.
        """
        conversation = _own(conversations, conversation_id)
        found = conversations.messages(conversation_id, limit=query.limit + 1, after=query.cursor)
        shown = found[: query.limit]
        last = shown[-1].message_id if len(found) > query.limit else None
        next_url = query.url_at("companion.get_conversation", last, conversation_id=conversation_id)
        whole = WholeConversation(
            **dict(ConversationView.of(conversation)),
            messages=tuple(map(MessageView.of, shown)),
            next=next_url,
        )
        return with_next_link(json_response(whole), next_url)

    @routes.delete("/conversations/<conversation_id>")
    @for_members
    @operation(
        TAG,
        {204: ResponseSpec("The conversation is deleted.", media_types=())},
        problems=(404,),
        path=ID,
    )
    def delete_conversation(conversation_id: str) -> Response:
        """Delete a conversation

        Deletes a conversation of the caller with all of its messages.
        """
        if not conversations.delete(conversation_id, current_account().account_id):
            raise _not_found()
        return Response(status=204)


def _own(conversations: ConversationRepository, conversation_id: str) -> Conversation:
    found = conversations.get(conversation_id, current_account().account_id)
    if found is None:
        raise _not_found()
    return found


def _not_found() -> NotFound:
    return NotFound("You have no conversation of that id.")
