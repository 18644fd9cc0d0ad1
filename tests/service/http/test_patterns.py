"""Patterns of the document: ECMAScript and RE2 read them as Python reads the original ones."""

import json
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import find, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from service.companion.schemas import Id
from service.http.openapi.patterns import UnportablePattern, portable
from service.sessions.schemas import Language, PaymentMethod, Specialty
from stack import golang, paths

ECMASCRIPT = Path(__file__).with_name("ecmascript_patterns.py")
RE2 = Path(__file__).with_name("re2_patterns.go")
START_SECONDS = 300
ODD_TEXTS = [
    "",
    "a",
    "ab c",
    " a",
    "a ",
    "a\n",
    "\n",
    "a\nb",
    "a\u0085b",
    "a\u2028b",
    "\ufeffa",
    "\u00a0",
    "a\u00a0b",
    "\u3000",
    "\U0001f469\u200d\U0001f4bb",
    "\U0010ffff",
    "-",
    "a-b",
    "A_b-9",
    "[",
    "]",
    "\\",
    "^",
    "a&&b",
    "\x00",
    "\x7f",
    "\u202e",
    "0" * 12 + "61",
    "eur",
    "e\u0301",
    "\u0660",
]


@pytest.mark.parametrize(
    ("pattern", "written"),
    [
        (r"^[\u0000-\u001f]$", r"^[\x00-\x1f]$"),
        (r"[^\u007f-\u009f\u2028]", "[^\\x7f-\\x9f\u2028]"),
        (r"[\U0001f600-\U0001f64f]", "[\U0001f600-\U0001f64f]"),
        ("[a-z-]", r"[a-z\-]"),
        ("[-a]", r"[\-a]"),
        (r"[\w]", None),
        ("[()|/{}]", r"[\(\)\|\/\{\}]"),
        ("[[a]", r"[\[a]"),
        (r"[\]\\^]", r"[\]\\\^]"),
        ("[!-~]", "[!-~]"),
        ("[&&]", None),
        ("[]a]", None),
        ("[^]a]", None),
        (r"\t\n\.\$", r"\t\n\.\$"),
        (r"\u0024", r"\$"),
        (r"\u00e9", r"\xe9"),
        (r"\-", "-"),
        ("(?:a|b){1,3}?", "(?:a|b){1,3}?"),
        ("(a)", "(a)"),
        ("(?=a)", None),
        ("(?!a)", None),
        ("(?<=a)b", None),
        ("(?P<name>a)", None),
        ("(?i)a", None),
        (r"(a)\1", None),
        (r"\d", None),
        (r"\s", None),
        (r"\bword", None),
        (r"\Aa\Z", None),
        (r"\p{L}", None),
        (r"\_", None),
        (".", None),
        ("[.]", "[.]"),
        ("a\\", None),
    ],
)
def test_pattern_is_spelled_for_every_engine_or_refused(pattern, written):
    if written is None:
        with pytest.raises(UnportablePattern):
            portable(pattern)
    else:
        assert portable(pattern) == written
        assert portable(written) == written


def patterns_in(schema: Any) -> Iterator[str]:
    """Yield every pattern of a document."""
    if isinstance(schema, dict):
        if isinstance(schema.get("pattern"), str):
            yield schema["pattern"]
        for value in schema.values():
            yield from patterns_in(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from patterns_in(value)


@pytest.fixture
def cases(client) -> dict[str, list[str]]:
    """Each pattern of the document, with texts that match it, nearly match it, or are odd."""
    patterns = sorted(set(patterns_in(client.get("/api/v1/openapi.json").get_json())))
    assert len(patterns) >= 10
    return {pattern: texts_for(pattern) for pattern in patterns}


def texts_for(pattern: str) -> list[str]:
    """Return texts for a pattern: the shortest that matches, others, and damaged ones."""
    quick = settings(max_examples=50, database=None)
    examples = [find(st.from_regex(re.compile(pattern)), lambda _: True, settings=quick)]
    chance = random.Random(pattern)
    examples += [text for text in ODD_TEXTS if re.search(pattern, text)]
    damaged = [
        text[:at] + odd + text[at:]
        for text in examples
        for odd in ("\n", "\x00", " ", "-", "\u2028", "\U0001f600")
        for at in {0, len(text), chance.randint(0, len(text))}
    ]
    return list(dict.fromkeys(examples + ODD_TEXTS + damaged))


def by_python(cases: dict[str, list[str]]) -> dict[str, list[bool]]:
    """Return what the server accepts, whose ``$`` is only at the very end."""
    return {
        pattern: [re.search(re.sub(r"\$$", r"\\Z", pattern), text) is not None for text in texts]
        for pattern, texts in cases.items()
    }


ACCEPTED_BY_PYDANTIC = (Id, Language, Specialty, PaymentMethod)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ACCEPTED_BY_PYDANTIC)
def test_server_accepts_what_the_pattern_of_a_simple_text_allows(kind):
    adapter = TypeAdapter(kind)
    pattern = portable(adapter.json_schema()["pattern"])
    texts = texts_for(pattern)
    assert [accepts(adapter, text) for text in texts] == by_python({pattern: texts})[pattern]


def accepts(adapter: TypeAdapter[Any], text: str) -> bool:
    """Return whether the server accepts a text."""
    try:
        adapter.validate_python(text)
    except ValidationError:
        return False
    return True


def answer(command: list[str], cases: dict[str, list[str]], **options: Any) -> Any:
    """Return what a program prints for the cases."""
    done = subprocess.run(
        command,
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
        **options,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("flag", ["u", "v"])
def test_ecmascript_reads_each_pattern_as_the_server_does(cases, flag):
    assert answer([sys.executable, str(ECMASCRIPT), flag], cases) == by_python(cases)


@pytest.mark.slow
def test_re2_reads_each_pattern_as_the_server_does(cases, tmp_path):
    cache = paths.cache_directory()
    go = golang.find(cache) or golang.fetch(cache)
    environment = golang.environment(go) | {"GOCACHE": str(cache / "go-build-of-tests")}
    seen = answer([str(go.binary), "run", str(RE2)], cases, env=environment, cwd=tmp_path)
    assert seen == by_python(cases)
