"""The companion: say something to it, read and delete what was said. All of it is for members, each
their own.

Routes only translate; what becomes of a message is in ``companion_turns``, how it is answered in
``companion_answers``.
"""

from collections.abc import Callable
from typing import Any, Final

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from service import rate_limits
from service.accounts.guard import current_account, protected
from service.companion import help_lines, problems, streaming
from service.companion.failures import ModelUnavailable
from service.companion.repository import Conversation, Conversations
from service.companion.schemas import (
    EVENT_STREAM,
    ConversationsPage,
    ConversationsQuery,
    ConversationView,
    MessageRequest,
    MessageView,
    Reply,
    WholeConversation,
    wants_events,
)
from service.companion.streaming import STREAM_HEADERS
from service.companion.turns import Talks
from service.http.openapi.links import Link, links_to
from service.http.operation import ResponseSpec, operation
from service.http.pagination import LINK, with_next_link
from service.http.responses import json_response
from telemetry import slow_after

View = Callable[..., Any]

TAG: Final = "Companion"

for_members: Callable[[View], View] = protected(role="member")

SLOW_AFTER_SECONDS: Final = 15.0
"""A model takes its seconds; more than this is worth a look."""

ID: Final = {"conversation_id": "The conversation's id."}
ANSWER: Final = ResponseSpec(
    "The answer, whole or as events: `help` where it is called for, `message` with each `delta`, then `done` or `error`.",
    Reply,
    media_types=("application/json", EVENT_STREAM),
    headers={"Cache-Control": "`no-store`."},
    links=(
        *links_to(
            {"conversation_id": "$response.body#/conversation_id"},
            "companion.get_conversation",
            "companion.delete_conversation",
        ),
        Link("companion.send_message", body={"conversation_id": "$response.body#/conversation_id"}),
    ),
)


def blueprint(talks: Talks, heartbeat_seconds: float) -> Blueprint:
    """The routes of the companion.

    Args:
        talks: What a message needs.
        heartbeat_seconds: Longest silence of a stream of events.
    """
    routes = Blueprint("companion", __name__, url_prefix="/api/v1/companion")
    routes.after_request(help_lines.help_on_problems(talks, "companion.send_message"))
    routes.register_error_handler(ModelUnavailable, problems.as_response)
    _messages(routes, talks, heartbeat_seconds)
    _conversations(routes, talks.conversations)
    return routes


def _messages(routes: Blueprint, talks: Talks, heartbeat_seconds: float) -> None:
    @routes.post("/messages")
    @slow_after(SLOW_AFTER_SECONDS)
    @rate_limits.limited("companion", on_limited=help_lines.help_instead(talks))
    @for_members
    @operation(TAG, {200: ANSWER}, body=MessageRequest, problems=(404, *problems.STATUSES))
    def send_message(body: MessageRequest) -> Response:
        """Say something to the companion, and get its answer.

        Whoever may be in danger gets help lines, also when the companion has no answer, and as the
        200 of a message that is one too many. Every problem has `help_lines` beside its other
        members, those of everybody.
        """
        turn = talks.begin(current_account().account_id, body.message, body.conversation_id)
        if wants_events(body):
            stays = streaming.presence(request.environ)
            events = streaming.Events(turn, request.path, heartbeat_seconds, stays)
            return Response(events, mimetype=EVENT_STREAM, headers=STREAM_HEADERS)
        response = json_response(streaming.whole(turn))
        response.headers["Cache-Control"] = "no-store"
        return response


def _conversations(routes: Blueprint, conversations: Conversations) -> None:
    @routes.get("/conversations")
    @for_members
    @operation(
        TAG,
        {200: ResponseSpec("A page.", ConversationsPage, headers=LINK)},
        query=ConversationsQuery,
    )
    def list_conversations(query: ConversationsQuery) -> Response:
        """My conversations, newest first; up to limit a page, from cursor on."""
        found = conversations.page(
            current_account().account_id, limit=query.limit + 1, before=query.cursor
        )
        shown = found[: query.limit]
        next_url = query.url_at(
            "companion.list_conversations",
            shown[-1].conversation_id if len(found) > query.limit else None,
        )
        return with_next_link(
            json_response(
                ConversationsPage(
                    conversations=tuple(map(ConversationView.of, shown)), next=next_url
                )
            ),
            next_url,
        )

    @routes.get("/conversations/<conversation_id>")
    @for_members
    @operation(
        TAG,
        {200: ResponseSpec("The conversation.", WholeConversation, headers=LINK)},
        query=ConversationsQuery,
        problems=(404,),
        path=ID,
    )
    def get_conversation(conversation_id: str, query: ConversationsQuery) -> Response:
        """One of my conversations with its messages, oldest first; up to limit of them, from cursor
        on.
        """
        mine = _mine(conversations, conversation_id)
        found = conversations.messages(conversation_id, limit=query.limit + 1, after=query.cursor)
        shown = found[: query.limit]
        last = shown[-1].message_id if len(found) > query.limit else None
        next_url = query.url_at("companion.get_conversation", last, conversation_id=conversation_id)
        whole = WholeConversation(
            **dict(ConversationView.of(mine)),
            messages=tuple(map(MessageView.of, shown)),
            next=next_url,
        )
        return with_next_link(json_response(whole), next_url)

    @routes.delete("/conversations/<conversation_id>")
    @for_members
    @operation(TAG, {204: ResponseSpec("It is gone.", media_types=())}, problems=(404,), path=ID)
    def delete_conversation(conversation_id: str) -> Response:
        """Delete one of my conversations, with all of its messages."""
        if not conversations.delete(conversation_id, current_account().account_id):
            raise _no_such_conversation()
        return Response(status=204)


def _mine(conversations: Conversations, conversation_id: str) -> Conversation:
    found = conversations.get(conversation_id, current_account().account_id)
    if found is None:
        raise _no_such_conversation()
    return found


def _no_such_conversation() -> NotFound:
    return NotFound("You have no conversation of that id.")
