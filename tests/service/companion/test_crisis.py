"""Help lines for alarming messages, by language, whatever happens to the model."""

import time

import gevent
import pytest

from service.companion.crisis import CrisisDetector
from service.companion.model import HelpLine
from service.companion.repository import ConversationRepository
from service.mongo.connection import Unreachable
from tests.service.companion.conftest import CONVERSATIONS, MESSAGES, member
from tests.support.polling import wait_until
from tests.support.ports import free_port

ALARMING = {
    "en": [
        "I want to die",
        "i really just want to DIE!!!",
        "I don't want to live any more.",
        "I dont want to live",
        "I don\u2019t  want to\nbe alive",
        "thinking about suicide again",
        "I'm going to kill myself tonight",
        "kill\u200b myself",
        "everyone would be better off without me",
        "I took all my pills",
        "I keep cutting myself",
        "gonna kms",
        "my husband, he beats me",
    ],
    "de": [
        "Ich will sterben",
        "ich möchte einfach nicht mehr leben",
        "Ich moechte sterben",
        "Ich bringe mich heute um",
        "SELBSTMORD",
        "ich denke an Selbstmord.",
        "ich will mir das Leben nehmen",
        "Ich ritze mich wieder",
    ],
    "fr": [
        "J'ai envie de mourir",
        "j\u2019ai l'envie de mourir",
        "je veux mourir",
        "je ne veux plus vivre",
        "je vais me suicider",
        "me faire du mal",
    ],
    "es": [
        "quiero morirme",
        "No quiero vivir más",
        "me quiero matar",
        "pienso en el SUICIDIO",
        "ya no puedo mas",
        "quitarme la vida",
    ],
    "it": [
        "voglio morire",
        "Voglio farla finita",
        "non voglio più vivere",
        "penso al suicidio",
        "togliermi la vita",
    ],
    "pt": [
        "quero morrer",
        "não quero mais viver",
        "nao quero viver",
        "vou me matar",
        "penso em suicídio",
        "acabar com a minha vida",
    ],
    "nl": [
        "ik wil dood",
        "Ik wil niet meer leven",
        "ik denk aan zelfmoord",
        "ik ga mezelf van kant maken",
        "zelfdoding",
    ],
    "pl": ["chcę umrzeć", "nie chcę już żyć", "myślę o samobójstwie i samobójstwo"],
    "uk": ["я хочу померти", "не хочу жити"],
    "ru": ["я хочу умереть", "не хочу больше жить"],
}
HARMLESS = [
    "this song is killing me softly",
    "the deadline is killing me",
    "I want to dye my hair",
    "my phone died",
    "I am dying to see you",
    "I ran 5 kms today",
    "we discussed the diet",
    "Ich lebe gern in Köln",
    "Mein Handy ist leer",
    "je suis fatigué ce soir",
    "quiero dormir",
    "vorrei dormire",
    "quero dormir melhor",
    "ik wil slapen",
    "* * *",
    "…",
    "",
]
WORLDWIDE = {("112", None), ("911", None), (None, "https://findahelpline.com")}
"""Phone and web page of the worldwide help lines."""

PHONES = {
    "en": {("US", "988"), ("GB", "116 123"), ("IE", "116 123"), ("AU", "13 11 14")},
    "de": {("DE", "0800 111 0 111"), ("AT", "142"), ("CH", "143")},
    "fr": {("FR", "3114"), ("BE", "0800 32 123")},
    "es": {("ES", "024"), ("MX", "800 911 2000")},
    "it": {("IT", "02 2327 2327")},
    "pt": {("BR", "188"), ("PT", "1411")},
    "nl": {("NL", "113"), ("BE", "1813")},
}


@pytest.fixture(scope="module")
def crisis():
    return CrisisDetector.from_data()


@pytest.mark.parametrize(
    ("language", "message"),
    [(language, message) for language, every in ALARMING.items() for message in every],
)
def test_alarming_message_is_detected_in_its_language(crisis, language, message):
    assert language in crisis.alarming_languages(message)
    assert language in crisis.alarming_languages(f"Hello. {message.upper()}, you know")


@pytest.mark.parametrize("message", HARMLESS)
def test_a_harmless_message_is_not_alarming(crisis, message):
    assert (crisis.alarming_languages(message), crisis.help_lines(message)) == (frozenset(), ())


@pytest.mark.parametrize("language", PHONES)
def test_help_lines_are_those_of_the_language_and_the_worldwide_ones(crisis, language):
    lines = crisis.help_lines(ALARMING[language][0])
    assert {(line.country, line.phone) for line in lines} >= PHONES[language]
    assert {
        (line.phone or None, line.url or None) for line in lines if not line.country
    } == WORLDWIDE
    assert len(lines) == len(set(lines))


def test_every_language_has_phrases_and_help_lines(crisis):
    assert crisis.languages == ALARMING.keys()
    lines = [line for every in ALARMING.values() for line in crisis.help_lines(every[0])]
    assert [line for line in lines if not (line.phone or line.url)] == []
    assert [
        line
        for line in lines
        if line.country and not (len(line.country) == 2 and line.country.isupper())
    ] == []


def test_wildcard_matches_up_to_three_words():
    crisis = CrisisDetector({"xx": ["end * now"]}, {"": [HelpLine("", "A help line", "1")]})
    found = [
        bool(crisis.help_lines(f"end{between} now"))
        for between in ("", " it", " it right here", " it all right here")
    ]
    assert found == [True, True, True, False]


def test_longest_message_is_checked_quickly(crisis):
    began = time.thread_time()
    crisis.help_lines("want to " * 500)
    assert time.thread_time() - began < 0.5  # 5 ms, which block the hub


def test_help_lines_are_sent_with_the_reply(companion):
    body = companion.send("I want to die").get_json()
    assert body["reply"].startswith("I hear you.")
    first = body["help_lines"][0]
    assert first == {
        "country": "US",
        "name": "988 Suicide & Crisis Lifeline",
        "phone": "988",
        "url": "https://988lifeline.org",
    }
    assert companion.results() == {"crisis": 1}


def test_help_is_the_first_event_and_does_not_wait_for_the_model(companion, model):
    model.behave(fault="hang")
    response = companion.client.post(
        MESSAGES,
        json={"message": "Ich will sterben", "stream": True},
        headers=member(),
        buffered=False,
    )
    first = next(response.iter_encoded()).decode()
    assert first.startswith(
        'event: help\ndata: {"help_lines": [{"country": "DE", "name": "TelefonSeelsorge", '
        '"phone": "0800 111 0 111"'
    )
    assert model.received_requests() == []
    response.close()
    assert companion.results() == {"crisis": 1}


def assert_only_help(companion, message: str = "I want to die", **body) -> None:
    """Assert that the reply as JSON and as events has help lines only."""
    whole = companion.send(message, **body)
    assert (whole.status_code, whole.get_json()["reply"], whole.get_json()["reply_id"]) == (
        200,
        None,
        None,
    )
    assert whole.get_json()["help_lines"][0]["phone"] == "988"
    help_, done = companion.stream(message, **body)
    assert (help_[0], help_[1]["help_lines"], done[0], done[1]["reply_id"]) == (
        "help",
        whole.get_json()["help_lines"],
        "done",
        None,
    )


@pytest.mark.parametrize(
    "behaviour", [{"status": 500}, {"status": 401}, {"fault": "garbage"}, {"fault": "hang"}]
)
def test_help_lines_are_sent_when_the_model_fails(companion_with, model, behaviour):
    companion = companion_with(COMPANION_FIRST_BYTE_TIMEOUT_SECONDS="0.5")
    model.behave(**behaviour)
    assert_only_help(companion)
    assert companion.results() == {"crisis": 2}
    # The messages are stored for a later continuation.
    stored = companion.get(CONVERSATIONS).get_json()["conversations"]
    assert [one["title"] for one in stored] == ["I want to die"] * 2


def test_help_lines_are_sent_when_the_model_is_down(companion_with):
    assert_only_help(companion_with(COMPANION_BASE_URL=f"http://127.0.0.1:{free_port()}/v1"))


def test_help_lines_are_sent_when_the_circuit_is_open(companion_with, model):
    companion = companion_with(COMPANION_CIRCUIT_FAILURES="1", COMPANION_CIRCUIT_OPEN_SECONDS="600")
    model.behave(status=500)
    assert companion.send().status_code == 502
    assert companion.circuit() == "open"
    assert_only_help(companion)
    assert len(model.received_requests()) == 1


def test_help_lines_are_sent_when_the_bulkhead_is_full(companion_with, model):
    companion = companion_with(COMPANION_AT_ONCE="1")
    model.behave(fault="hang")
    hanging = gevent.spawn(companion.send)
    wait_until(lambda: companion.active_calls() == 1, what="the call runs")
    assert_only_help(companion)
    hanging.kill()


def test_help_lines_are_sent_for_a_missing_conversation(companion):
    body = companion.send("I want to die", conversation_id="0" * 32).get_json()
    assert (body["help_lines"][0]["phone"], body["conversation_id"] != "0" * 32) == ("988", True)


def test_help_lines_are_sent_without_a_database(companion, monkeypatch):
    conversation = companion.send().get_json()["conversation_id"]

    def gone(*_: object, **__: object) -> None:
        raise Unreachable("no database")

    for method in ("get", "latest", "begin", "add"):
        monkeypatch.setattr(ConversationRepository, method, gone)
    assert companion.send().status_code == 503
    body = companion.send("I want to die", conversation_id=conversation).get_json()
    *_, last = companion.stream("hello")
    assert (body["help_lines"][0]["phone"], body["reply"] is not None) == ("988", True)
    assert [body[name] for name in ("conversation_id", "message_id", "reply_id")] == [None] * 3
    assert (last[0], last[1]["status"], last[1]["type"]) == (
        "error",
        503,
        "urn:serene:problem:database-unavailable",
    )
