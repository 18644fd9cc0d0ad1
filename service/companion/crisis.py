"""Messages of people who may be in danger: found by phrases, answered with help lines. Both are
data (``crisis.json``).

Nothing here asks a model or keeps a word. It is better to show help to somebody who does not need
it than the other way round, so the phrases are broad; those who only use a figure of speech see a
few numbers more.
"""

import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

MOST_BETWEEN: Final = 3
"""Words that may stand where a phrase has ``*``."""

_GAP: Final = "*"
_APOSTROPHES: Final = str.maketrans(dict.fromkeys("\u2019\u2018\u0060\u00b4\u02bc\uff07", "'"))
_DATA: Final = Path(__file__).with_name("crisis.json")

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HelpLine:
    """Where help is.

    Args:
        country: ISO 3166-1 alpha-2; empty for everywhere.
        name: Who answers.
        phone: To call, as it is dialled in that country; empty when there is only a page.
        url: Its page; empty when there is none.
    """

    country: str
    name: str
    phone: str = ""
    url: str = ""


class Crisis:
    """Knows the phrases and the help lines.

    Args:
        phrases: By language (ISO 639-1); ``*`` stands for up to three words.
        help_lines: By language, and under an empty one those for everybody.
    """

    def __init__(
        self, phrases: Mapping[str, Sequence[str]], help_lines: Mapping[str, Sequence[HelpLine]]
    ) -> None:
        self._help_lines = {language: tuple(lines) for language, lines in help_lines.items()}
        # By first word: a message has few words that any phrase begins with.
        self._phrases: dict[str, list[tuple[Words, str]]] = {}
        for language, spelt in phrases.items():
            for first, *rest in {words for phrase in spelt for words in _readings(phrase, _GAP)}:
                self._phrases.setdefault(first, []).append((tuple(rest), language))

    @classmethod
    def from_data(cls) -> Self:
        """With the phrases and the help lines that come with the service."""
        data: dict[str, Any] = json.loads(_DATA.read_text(encoding="utf-8"))
        return cls(
            data["phrases"],
            {
                language: [HelpLine(**line) for line in lines]
                for language, lines in data["help_lines"].items()
            },
        )

    @property
    def languages(self) -> frozenset[str]:
        """Those that have phrases."""
        return frozenset(language for found in self._phrases.values() for _, language in found)

    @property
    def everywhere(self) -> tuple[HelpLine, ...]:
        """The help lines for everybody, whatever was said."""
        return self._help_lines.get("", ())

    def languages_of(self, message: str) -> frozenset[str]:
        """The languages in which a message says something alarming; none when it does not."""
        return frozenset(
            language
            for words in _readings(message)
            for at, word in enumerate(words)
            for phrase, language in self._phrases.get(word, ())
            if _follows(words, at + 1, phrase)
        )

    def help_lines(self, message: str) -> tuple[HelpLine, ...]:
        """The help lines that a message calls for: of the countries where its language is spoken,
        then those for everybody.

        Returns:
            None for a message that is not alarming.
        """
        languages = sorted(self.languages_of(message))
        found = [line for language in languages for line in self._help_lines.get(language, ())]
        return tuple(dict.fromkeys([*found, *self.everywhere])) if languages else ()


def _readings(text: str, keep: str = "") -> set[Words]:
    # "l'envie" is two words and "don't" is typed as one: apostrophes are read both ways.
    plain = unicodedata.normalize("NFKD", text.translate(_APOSTROPHES).casefold())
    return {
        tuple(plain.translate(_table(plain, {"'": apostrophe, keep: keep})).split())
        for apostrophe in ("", " ")
    }


def _table(text: str, read_as: Mapping[str, str]) -> dict[int, str]:
    return {ord(character): _letter(character, read_as) for character in set(text)}


def _letter(character: str, read_as: Mapping[str, str]) -> str:
    if character.isalnum():
        return character
    # Accents are characters of their own by now; the invisible ones are there to hide a word.
    return read_as.get(character, "" if unicodedata.category(character) in ("Mn", "Cf") else " ")


def _follows(words: Words, at: int, phrase: Words) -> bool:
    if not phrase:
        return True
    if phrase[0] == _GAP:
        return any(_follows(words, at + between, phrase[1:]) for between in range(MOST_BETWEEN + 1))
    return at < len(words) and words[at] == phrase[0] and _follows(words, at + 1, phrase[1:])
