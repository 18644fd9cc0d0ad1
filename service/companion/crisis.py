"""Detection of messages from people who may be in danger, by phrases, and their help lines.

Both are data (``crisis.json``). Nothing here calls a model or stores a word. A false alarm shows
help lines to a person who does not need them, which is better than a missed crisis, so the phrases
are broad.
"""

import json
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Self

from service.companion.model import HelpLine

MOST_WILDCARD_WORDS: Final = 3
"""Words that ``*`` in a phrase may stand for."""

_WILDCARD: Final = "*"
_APOSTROPHES: Final = str.maketrans(dict.fromkeys("\u2019\u2018\u0060\u00b4\u02bc\uff07", "'"))
_DATA: Final = Path(__file__).with_name("crisis.json")

Words = tuple[str, ...]


class CrisisDetector:
    """Finds alarming phrases in messages, and the help lines for them.

    Args:
        phrases: By language (ISO 639-1); ``*`` stands for up to three words.
        help_lines: By language; the empty one has the worldwide help lines.
    """

    def __init__(
        self, phrases: Mapping[str, Sequence[str]], help_lines: Mapping[str, Sequence[HelpLine]]
    ) -> None:
        self._help_lines = {language: tuple(lines) for language, lines in help_lines.items()}
        # By first word: a message has few words that any phrase begins with.
        self._phrases: dict[str, list[tuple[Words, str]]] = {}
        for language, spelt in phrases.items():
            for first, *rest in {
                words for phrase in spelt for words in _spellings(phrase, _WILDCARD)
            }:
                self._phrases.setdefault(first, []).append((tuple(rest), language))

    @classmethod
    def from_data(cls) -> Self:
        """Return a detector with the service's own phrases and help lines."""
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
        """Languages that have phrases."""
        return frozenset(language for found in self._phrases.values() for _, language in found)

    @property
    def worldwide_help_lines(self) -> tuple[HelpLine, ...]:
        """The help lines that do not depend on the message."""
        return self._help_lines.get("", ())

    def alarming_languages(self, message: str) -> frozenset[str]:
        """Return the languages in which a message has an alarming phrase."""
        return frozenset(
            language
            for words in _spellings(message)
            for at, word in enumerate(words)
            for phrase, language in self._phrases.get(word, ())
            if _matches(words, at + 1, phrase)
        )

    def help_lines(self, message: str) -> tuple[HelpLine, ...]:
        """Return the help lines of the languages of an alarming message, and the worldwide ones.

        Returns:
            An empty tuple for a message that is not alarming.
        """
        languages = sorted(self.alarming_languages(message))
        found = [line for language in languages for line in self._help_lines.get(language, ())]
        return tuple(dict.fromkeys([*found, *self.worldwide_help_lines])) if languages else ()


def _spellings(text: str, keep: str = "") -> set[Words]:
    # "l'envie" is two words and "don't" is typed as one: apostrophes are removed, and split at.
    plain = unicodedata.normalize("NFKD", text.translate(_APOSTROPHES).casefold())
    return {
        tuple(plain.translate(_table(plain, {"'": apostrophe, keep: keep})).split())
        for apostrophe in ("", " ")
    }


def _table(text: str, replacements: Mapping[str, str]) -> dict[int, str]:
    return {ord(character): _letter(character, replacements) for character in set(text)}


def _letter(character: str, replacements: Mapping[str, str]) -> str:
    if character.isalnum():
        return character
    # After normalization accents are separate characters; invisible ones may split up a word.
    is_removed = unicodedata.category(character) in ("Mn", "Cf")
    return replacements.get(character, "" if is_removed else " ")


def _matches(words: Words, at: int, phrase: Words) -> bool:
    if not phrase:
        return True
    if phrase[0] == _WILDCARD:
        return any(
            _matches(words, at + between, phrase[1:]) for between in range(MOST_WILDCARD_WORDS + 1)
        )
    return at < len(words) and words[at] == phrase[0] and _matches(words, at + 1, phrase[1:])
