"""Messages that go well: whole and in events, with what was said before, kept as they were said."""

import gevent
import pytest

from tests.machine import PATIENCE_SECONDS
from tests.service.companion.conftest import ADA, BOB, CONVERSATIONS, MESSAGES, eventually, member

REPLY = "I hear you. You wrote “{}”, and it is message {} of yours that I can see. What would help?"


def test_reply_as_json(companion, model):
    response = companion.say("I slept badly")
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
    assert (companion.calls(), model.under_way()) == (0, 0)

    kept = companion.get(f"{CONVERSATIONS}/{ids['conversation_id']}").get_json()
    assert [
        (one["message_id"], one["by"], one["text"], one["is_whole"]) for one in kept["messages"]
    ] == [
        (ids["message_id"], "member", "I slept badly", True),
        (ids["reply_id"], "companion", body["reply"], True),
    ]
    assert (kept["conversation_id"], kept["title"], kept["next"]) == (
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
    said = "".join(data["delta"] for _, data in messages)
    kept = companion.get(f"{CONVERSATIONS}/{done[1]['conversation_id']}").get_json()["messages"]
    assert said == REPLY.format("hello", 1)
    assert done == (
        "done",
        {
            "conversation_id": done[1]["conversation_id"],
            "message_id": kept[0]["message_id"],
            "reply_id": kept[1]["message_id"],
        },
    )
    assert [one["text"] for one in kept] == ["hello", said]


def test_model_receives_the_earlier_messages(companion, model):
    first = companion.say("one").get_json()
    companion.say("two", conversation_id=first["conversation_id"])
    third = companion.say("three", conversation_id=first["conversation_id"]).get_json()

    system, *said = model.asked()[-1]["messages"]
    assert system["role"] == "system"
    assert system["content"].startswith("You are the companion of Serene")
    assert said == [
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": REPLY.format("one", 1)},
        {"role": "user", "content": "two"},
        {"role": "assistant", "content": REPLY.format("two", 2)},
        {"role": "user", "content": "three"},
    ]
    assert third["reply"] == REPLY.format("three", 3)
    assert [one["model"] for one in model.asked()] == ["serene-companion"] * 3


@pytest.mark.parametrize(("context", "seen"), [("0", 1), ("2", 2), ("3", 3)])
def test_context_is_limited_to_the_latest_messages(companion_with, model, context, seen):
    companion = companion_with(COMPANION_CONTEXT_MESSAGES=context)
    conversation = companion.say("one").get_json()["conversation_id"]
    companion.say("two", conversation_id=conversation)
    companion.say("three", conversation_id=conversation)
    texts = [one["content"] for one in model.asked()[-1]["messages"][1:]]
    assert (
        texts
        == ["one", REPLY.format("one", 1), "two", REPLY.format("two", min(seen, 2)), "three"][
            -1 - int(context) :
        ]
    )


def test_request_ids_are_sent_to_the_model(companion, model):
    response = companion.say()
    (headers,) = [one["headers"] for one in model.asked()]
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
    assert model.asked() == []


def test_longest_message_is_accepted_and_its_title_is_cut(companion):
    body = companion.say("w " * 1999 + "ww").get_json()
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
    # One comment a silence; how many fit into a second is the machine's affair.
    assert (names[:2], names[-1]) == (["", ""], "done")
    assert "message" in names


def test_conversations_of_other_accounts_are_not_found(companion):
    mine = companion.say("mine", ADA).get_json()["conversation_id"]
    answers = [
        companion.say("go on", BOB, conversation_id=mine),
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
    """Ids on each page, from the first one to the last."""
    found, url = [], path
    while url:
        page = companion.get(url).get_json()
        id_name = f"{member_of_page.removesuffix('s')}_id"
        found.append([one[id_name] for one in page[member_of_page]])
        url = page["next"]
    return found


def test_conversations_and_messages_come_in_pages(companion):
    ids = [companion.say(f"number {number}").get_json()["conversation_id"] for number in range(3)]
    assert pages(companion, f"{CONVERSATIONS}?limit=2", "conversations") == [
        [ids[2], ids[1]],
        [ids[0]],
    ]

    more = [companion.say("more", conversation_id=ids[0]).get_json() for _ in range(2)]
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
    kept, gone = (companion.say(word).get_json()["conversation_id"] for word in ("kept", "gone"))
    assert companion.client.delete(f"{CONVERSATIONS}/{gone}", headers=member()).status_code == 204
    assert companion.client.delete(f"{CONVERSATIONS}/{gone}", headers=member()).status_code == 404
    assert companion.say("on", conversation_id=gone).status_code == 404
    assert [
        one["conversation_id"] for one in companion.get(CONVERSATIONS).get_json()["conversations"]
    ] == [kept]
    assert len(companion.get(f"{CONVERSATIONS}/{kept}").get_json()["messages"]) == 2


def test_conversation_deleted_during_a_reply_stays_deleted(
    companion, service, model
):
    conversation = companion.say("first").get_json()["conversation_id"]
    model.behave(tokens_per_second=30)
    answering = gevent.spawn(companion.stream, "second", conversation_id=conversation)
    eventually(lambda: model.under_way() == 1)
    assert (
        companion.client.delete(f"{CONVERSATIONS}/{conversation}", headers=member()).status_code
        == 204
    )
    *_, done = answering.get(timeout=PATIENCE_SECONDS)
    assert done == ("done", {"conversation_id": None, "message_id": None, "reply_id": None})
    assert service.mongo.database["conversation_messages"].count_documents({}) == 0
