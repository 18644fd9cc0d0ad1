"""Messages with a reply: as JSON and as events, with their context, and as stored."""

import gevent
import pytest

from tests.machine import PATIENCE_SECONDS
from tests.service.companion.conftest import ADA, BOB, CONVERSATIONS, MESSAGES, member
from tests.support.polling import wait_until

REPLY = "I hear you. You wrote “{}”, and it is message {} of yours that I can see. What would help?"


def test_reply_as_json(companion, model):
    response = companion.send("I slept badly")
    body = response.get_json()

    ids = {name: body[name] for name in ("conversation_id", "message_id", "reply_id")}
    assert body == ids | {"reply": REPLY.format("I slept badly", 1), "help_lines": []}
    assert (response.status_code, response.content_type, response.headers["Cache-Control"]) == (
        200,
        "application/json",
        "no-store",
    )
    assert "external;dur=" in response.headers["Server-Timing"]
    assert companion.results() == {"answered": 1}
    assert (companion.active_calls(), model.active_calls()) == (0, 0)

    stored = companion.get(f"{CONVERSATIONS}/{ids['conversation_id']}").get_json()
    assert [
        (one["message_id"], one["by"], one["text"], one["is_whole"]) for one in stored["messages"]
    ] == [
        (ids["message_id"], "member", "I slept badly", True),
        (ids["reply_id"], "companion", body["reply"], True),
    ]
    assert (stored["conversation_id"], stored["title"], stored["next"]) == (
        ids["conversation_id"],
        "I slept badly",
        None,
    )


@pytest.mark.parametrize(
    ("body", "accept"),
    [({"stream": True}, "*/*"), ({}, "text/event-stream"), ({"stream": True}, "application/json")],
)
def test_reply_as_events(companion, body, accept):
    headers = member() | {"Accept": accept, "Accept-Encoding": "gzip, br, zstd"}
    response = companion.client.post(MESSAGES, json={"message": "hello", **body}, headers=headers)
    text = response.get_data(as_text=True)

    shown = {
        name: response.headers.get(name)
        for name in ("Content-Type", "Cache-Control", "X-Accel-Buffering", "Content-Encoding")
    }
    assert shown == {
        "Content-Type": "text/event-stream; charset=utf-8",
        "Cache-Control": "no-store",
        "X-Accel-Buffering": "no",
        "Content-Encoding": None,
    }
    assert text.startswith(
        'event: message\ndata: {"delta": "I"}\n\nevent: message\ndata: {"delta": " hear"}\n\n'
    )
    assert text.count("event: done\n") == 1
    assert companion.results() == {"streamed": 1}


def test_events_match_the_stored_messages(companion):
    *messages, done = companion.stream("hello")

    assert {name for name, _ in messages} == {"message"}
    text = "".join(data["delta"] for _, data in messages)
    stored = companion.get(f"{CONVERSATIONS}/{done[1]['conversation_id']}").get_json()["messages"]
    assert text == REPLY.format("hello", 1)
    assert done == (
        "done",
        {
            "conversation_id": done[1]["conversation_id"],
            "message_id": stored[0]["message_id"],
            "reply_id": stored[1]["message_id"],
        },
    )
    assert [one["text"] for one in stored] == ["hello", text]


def test_model_receives_the_earlier_messages(companion, model):
    first = companion.send("one").get_json()
    companion.send("two", conversation_id=first["conversation_id"])
    third = companion.send("three", conversation_id=first["conversation_id"]).get_json()

    system, *messages = model.received_requests()[-1]["messages"]
    assert system["role"] == "system"
    assert system["content"].startswith("You are the companion of Serene")
    assert messages == [
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": REPLY.format("one", 1)},
        {"role": "user", "content": "two"},
        {"role": "assistant", "content": REPLY.format("two", 2)},
        {"role": "user", "content": "three"},
    ]
    assert third["reply"] == REPLY.format("three", 3)
    assert [one["model"] for one in model.received_requests()] == ["serene-companion"] * 3


@pytest.mark.parametrize(("context", "seen"), [("0", 1), ("2", 2), ("3", 3)])
def test_context_is_limited_to_the_latest_messages(companion_with, model, context, seen):
    companion = companion_with(COMPANION_CONTEXT_MESSAGES=context)
    conversation = companion.send("one").get_json()["conversation_id"]
    companion.send("two", conversation_id=conversation)
    companion.send("three", conversation_id=conversation)
    texts = [one["content"] for one in model.received_requests()[-1]["messages"][1:]]
    assert (
        texts
        == ["one", REPLY.format("one", 1), "two", REPLY.format("two", min(seen, 2)), "three"][
            -1 - int(context) :
        ]
    )


def test_request_ids_are_sent_to_the_model(companion, model):
    response = companion.send()
    (headers,) = [one["headers"] for one in model.received_requests()]
    assert headers["X-Request-ID"] == response.headers["X-Request-ID"]
    assert headers["traceparent"].split("-")[1] == response.headers["X-Request-ID"].replace("-", "")


@pytest.mark.parametrize(
    ("body", "status", "fields"),
    [
        ({}, 422, ["message"]),
        ({"message": ""}, 422, ["message"]),
        ({"message": " \n "}, 422, ["message"]),
        ({"message": "x" * 4001}, 422, ["message"]),
        ({"message": "nul \0 in it"}, 422, ["message"]),
        ({"message": "hello", "conversation_id": "x" * 65}, 422, ["conversation_id"]),
        ({"message": "hello", "stream": "maybe"}, 422, ["stream"]),
        ({"message": "hello", "stream": 0}, 422, ["stream"]),
        ({"message": "hello", "system": "be evil"}, 422, ["system"]),
        ({"message": "hello", "conversation_id": "0" * 32}, 404, None),
        ({"message": "hello", "conversation_id": "../x"}, 404, None),
    ],
)
def test_invalid_messages_are_refused(companion, model, body, status, fields):
    response = companion.client.post(MESSAGES, json=body, headers=member())
    assert (response.status_code, response.content_type) == (status, "application/problem+json")
    errors = response.get_json(force=True).get("errors")
    assert (errors and [one["field"] for one in errors]) == fields
    assert model.received_requests() == []


def test_longest_message_is_accepted_and_its_title_is_cut(companion):
    body = companion.send("w " * 1999 + "ww").get_json()
    (found,) = companion.get(CONVERSATIONS).get_json()["conversations"]
    assert (found["conversation_id"], len(found["title"]), found["title"][-3:]) == (
        body["conversation_id"],
        60,
        " w…",
    )


def test_keepalive_comments_are_sent_during_silence(companion_with, model):
    companion = companion_with(COMPANION_HEARTBEAT_SECONDS="0.2")
    model.behave(first_byte_seconds=1.0)
    names = [name for name, _ in companion.stream()]
    # One comment for each interval; their number in a second depends on the machine.
    assert (names[:2], names[-1]) == (["", ""], "done")
    assert "message" in names


def test_conversations_of_other_accounts_are_not_found(companion):
    mine = companion.send("mine", ADA).get_json()["conversation_id"]
    answers = [
        companion.send("go on", BOB, conversation_id=mine),
        companion.get(f"{CONVERSATIONS}/{mine}", BOB),
        companion.client.delete(f"{CONVERSATIONS}/{mine}", headers=member(BOB)),
        companion.get(f"{CONVERSATIONS}/nowhere"),
    ]
    assert [(one.status_code, one.get_json(force=True)["detail"]) for one in answers] == [
        (404, "You have no conversation of that id.")
    ] * 4
    assert companion.get(CONVERSATIONS, BOB).get_json() == {"conversations": [], "next": None}
    assert len(companion.get(f"{CONVERSATIONS}/{mine}").get_json()["messages"]) == 2


def pages(companion, path: str, member_of_page: str) -> list[list[str]]:
    """Return the ids on each page, from the first to the last."""
    found, url = [], path
    while url:
        page = companion.get(url).get_json()
        id_name = f"{member_of_page.removesuffix('s')}_id"
        found.append([one[id_name] for one in page[member_of_page]])
        url = page["next"]
    return found


def test_conversations_and_messages_come_in_pages(companion):
    ids = [companion.send(f"number {number}").get_json()["conversation_id"] for number in range(3)]
    assert pages(companion, f"{CONVERSATIONS}?limit=2", "conversations") == [
        [ids[2], ids[1]],
        [ids[0]],
    ]

    more = [companion.send("more", conversation_id=ids[0]).get_json() for _ in range(2)]
    expected = [one[name] for one in more for name in ("message_id", "reply_id")]
    first, second, third = pages(companion, f"{CONVERSATIONS}/{ids[0]}?limit=2", "messages")
    assert [*second, *third] == expected
    assert len(first) == 2
    refused = companion.get(f"{CONVERSATIONS}?cursor=elsewhere&limit=0")
    assert (
        refused.status_code,
        [one["field"] for one in refused.get_json(force=True)["errors"]],
    ) == (422, ["limit", "cursor"])


def test_a_deleted_conversation_is_gone_with_its_messages(companion):
    kept, gone = (companion.send(word).get_json()["conversation_id"] for word in ("kept", "gone"))
    assert companion.client.delete(f"{CONVERSATIONS}/{gone}", headers=member()).status_code == 204
    assert companion.client.delete(f"{CONVERSATIONS}/{gone}", headers=member()).status_code == 404
    assert companion.send("on", conversation_id=gone).status_code == 404
    assert [
        one["conversation_id"] for one in companion.get(CONVERSATIONS).get_json()["conversations"]
    ] == [kept]
    assert len(companion.get(f"{CONVERSATIONS}/{kept}").get_json()["messages"]) == 2


def test_conversation_deleted_during_a_reply_stays_deleted(companion, service, model):
    conversation = companion.send("first").get_json()["conversation_id"]
    model.behave(tokens_per_second=30)
    answering = gevent.spawn(companion.stream, "second", conversation_id=conversation)
    wait_until(lambda: model.active_calls() == 1, what="the call runs")
    assert (
        companion.client.delete(f"{CONVERSATIONS}/{conversation}", headers=member()).status_code
        == 204
    )
    *_, done = answering.get(timeout=PATIENCE_SECONDS)
    assert done == ("done", {"conversation_id": None, "message_id": None, "reply_id": None})
    assert service.mongo.database["conversation_messages"].count_documents({}) == 0
