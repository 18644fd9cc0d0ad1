"""Removes secrets and personal data from text; a setting decides whether query values stay.

A secret is recognised by name (a parameter called ``token``) or by shape (a JWT, an opaque token,
an e-mail address, a card number). Text is redacted once, where it enters a record or a log line, so
that no sink needs to. Every pattern is linear in the text: a run of characters is tried from its
beginning only, and quantifiers are possessive.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final
from urllib.parse import unquote_plus
from uuid import UUID

from telemetry.view_option import View, ViewOption

MAX_QUERY_LENGTH: Final = 1024
MAX_TEXT_LENGTH: Final = 16_384
MAX_DEPTH: Final = 6
CACHED_TEXTS: Final = 512
REDACTED: Final = "REDACTED"
SHORTEST_REMOVED: Final = 3
"""Characters of the shortest client value that is removed: shorter ones occur in any text."""

SENSITIVE_NAMES: Final = frozenset(
    {"auth", "code", "credentials", "csrf", "jwt", "key", "otp", "pin", "sessionid", "setcookie"}
    | {"sid", "sig", "signature"}
    | {"card", "cardnumber", "creditcard", "cvc", "cvv", "iban", "pan"}
    | {"dob", "mobile", "phone", "phonenumber", "ssn"}
    | {"message", "messages", "prompt"}
)
"""Whole names, in lower case and without separators."""

SENSITIVE_ENDINGS: Final = (
    "apikey",
    "authorization",
    "cookie",
    "email",
    "passphrase",
    "passwd",
    "password",
    "pwd",
    "secret",
    "signature",
    "token",
)
"""Endings of names, in the same spelling."""

_SEPARATORS: Final = re.compile(r"[^a-z0-9]")
_NAMED_WORDS: Final = (
    "key",
    "authorization",
    "cookie",
    "cvc",
    "cvv",
    "email",
    "pass",
    "pwd",
    "secret",
    "token",
)
_NAMED: Final = re.compile(
    r"""(?ix)
    (?<![\w-]) (
        ["']? [\w-]{0,40}?
        (?: api[_-]?key | authorization | cookie | cvc | cvv | email | pass(?:phrase|wd|word)
          | pwd | secret | token )
        ["']? \s{0,3} [:=] \s{0,3}
    )
    ( "[^"]*+" | '[^']*+' | (?:bearer|basic)\s++[^\s,;&"']++ | [^\s,;&"'\])}]++ )
    """
)
SHORTEST_CARD: Final = 13
SHORTEST_TOKEN: Final = 32
_DIGITS: Final = re.compile(r"\d(?:[ -]?\d){12}")
_LONG_RUN: Final = re.compile(r"(?<![\w-])[\w-]{32}")
# Ids stay: a request's and a trace's.
_SHAPES: Final = re.compile(
    r"""(?x)
    (?P<id> \b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b | \b[0-9a-f]{32}\b )
    | (?P<jwt> (?<![\w-]) eyJ[\w-]{8,}+\.[\w-]{4,}+(?:\.[\w-]*+)? )
    | (?P<key> (?<![\w-])
        (?: (?:sk|pk|rk)_(?:live|test)_\w{8,}+ | sk-[\w-]{16,}+
          | whsec_\w{8,}+ | gh[opsru]_\w{20,}+ ) )
    | (?P<credentials> \b(?i:bearer)\ +[\w.~+/=-]{8,}+ | \b(?i:basic)\ +[\w+/=]{16,}+ )
    | (?P<email> (?<![\w.+'-]) [\w.+'-]++ (?:@|%40) [\w-]++(?:\.[\w-]++)+ )
    | (?P<card> (?<!\d) \d(?:[ -]?\d){12,18}+ (?!\d) )
    | (?P<token> (?<![\w-])
        (?=[\w-]*?[a-z]) (?=[\w-]*?[A-Z]) (?=[\w-]*?[0-9]) [A-Za-z0-9_-]{32,}+ )
    """
)


_VARIABLE: Final = re.compile(r"<(?:[^<>:]*:)?(\w+)>")
_PRIVATE: Final = ViewOption[frozenset[str]]("private_in_path")


def private_in_path(*names: str) -> Callable[[View], View]:
    """Redact variables of a view's path in every log line and span.

    Args:
        names: Of the variables, such as the slug of a draft, which reveals its title. Variables of
            a sensitive name are redacted anyway.
    """
    return _PRIVATE.set(frozenset(names))


def is_card_number(digits: str) -> bool:
    """Return whether digits are the number of a payment card, by their check digit.

    Args:
        digits: Only digits.

    Source: ISO/IEC 7812-1, annex B (Luhn).
    """
    total = sum(int(digit) for digit in digits[-1::-2])
    return (total + sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])) % 10 == 0


def _without(match: re.Match[str]) -> str:
    kind, found = match.lastgroup, match[0]
    if kind == "id" or (
        kind == "card" and not is_card_number(found.replace(" ", "").replace("-", ""))
    ):
        return found
    return f"{found.partition(' ')[0]} {REDACTED}" if kind == "credentials" else REDACTED


class Redactor:
    """Redacts text; equal texts are redacted once, as long as a bounded cache holds them.

    Args:
        names: Sensitive names beside ``SENSITIVE_NAMES``, in any spelling.
        keep_query_values: Keep the values of a query that are not sensitive by name or by shape.
    """

    def __init__(self, names: Iterable[str] = (), *, keep_query_values: bool = False) -> None:
        self._names = SENSITIVE_NAMES | {_plain(name) for name in names}
        self._keep_query_values = keep_query_values
        self.is_sensitive = lru_cache(CACHED_TEXTS)(self._is_sensitive)
        self.text = lru_cache(CACHED_TEXTS)(self._text)
        self.query = lru_cache(CACHED_TEXTS)(self._query)

    def private_variables(self, values: Mapping[str, object], view: object) -> frozenset[str]:
        """Return the variables of a path that are private: by its view, or by their name.

        Args:
            values: Of all variables. A UUID whose name ends in "id" is not private by name.
            view: The view that serves the path; see ``private_in_path``.
        """
        private = _PRIVATE.get(view) or frozenset()
        return frozenset(
            name
            for name, value in values.items()
            if name in private or (self.is_sensitive(name) and not _is_id(name, value))
        )

    def path(self, rule: str, values: Mapping[str, object], private: frozenset[str]) -> str:
        """Return the path of a rule that matched, its private variables redacted.

        Args:
            rule: Such as ``/posts/<slug>``.
            values: Of its variables.
            private: Names of the private ones.
        """
        return self.text(
            _VARIABLE.sub(
                lambda found: REDACTED if found[1] in private else str(values[found[1]]), rule
            )
        )

    def long_text(self, text: str) -> str:
        """Redact text that is not likely to recur, such as a stack.

        Args:
            text: Of more than 16,384 characters only the first and last halves of that stay.
        """
        if len(text) > MAX_TEXT_LENGTH:
            half = MAX_TEXT_LENGTH // 2
            text = f"{text[:half]} … {text[-half:]}"
        return self._text(text)

    def without(self, text: str, values: Iterable[str | bytes]) -> str:
        """Redact text that may quote client values, such as an exception's.

        Args:
            text: As for ``long_text``.
            values: Removed whatever their shape; see ``RequestRecord.redact_values``.
        """
        found = {
            each for value in values for each in _texts_of(value) if len(each) >= SHORTEST_REMOVED
        }
        for each in sorted(found, key=len, reverse=True):
            for spelling in {each, repr(each)[1:-1], json.dumps(each)[1:-1]}:
                text = text.replace(spelling, REDACTED)
        return self.long_text(text)

    def value(self, value: Any, depth: int = 0) -> Any:
        """Redact a value of a log line and its members; members of sensitive names whole.

        Args:
            value: A JSON value; any other becomes text.
            depth: Levels above this value; from the seventh on it is left out.
        """
        if value is None or isinstance(value, (bool, int, float)):
            return value
        if isinstance(value, str):
            return self.long_text(value)
        if depth > MAX_DEPTH:
            return "…"
        if isinstance(value, Mapping):
            return {
                name: REDACTED if self.is_sensitive(str(name)) else self.value(each, depth + 1)
                for name, each in value.items()
            }
        if isinstance(value, (list, tuple)):
            return [self.value(each, depth + 1) for each in value]
        return self.long_text(str(value))

    def _is_sensitive(self, name: str) -> bool:
        plain = _plain(name)
        return plain in self._names or plain.endswith(SENSITIVE_ENDINGS)

    def _text(self, text: str) -> str:
        lower = text.lower()
        if (":" in lower or "=" in lower) and any(word in lower for word in _NAMED_WORDS):
            text = _NAMED.sub(rf"\1{REDACTED}", text)
        return _SHAPES.sub(_without, text) if _may_hold_a_shape(text, lower) else text

    def _query(self, query: str) -> str:
        return (
            "&".join(map(self._parameter, query[:MAX_QUERY_LENGTH].split("&"))) if query else query
        )

    def _parameter(self, part: str) -> str:
        name, equals, value = part.partition("=")
        if not equals:
            return REDACTED if name else name
        if not self._is_harmless(name):
            name = REDACTED
        if (
            self._keep_query_values
            and not self.is_sensitive(unquote_plus(name))
            and self._is_harmless(value)
        ):
            return f"{name}={value}"
        return f"{name}={REDACTED}"

    def _is_harmless(self, encoded: str) -> bool:
        decoded = encoded
        for _ in range(3):  # an address that was encoded twice is still an address
            decoded = unquote_plus(decoded)
            if self._text(decoded) != decoded:
                return False
        return True


def _may_hold_a_shape(text: str, lower: str) -> bool:
    # Every shape holds one of these: a search for them costs a tenth of a search for the shapes,
    # and most texts hold none. One after the other: a loop costs as much as all of them.
    return (
        "@" in lower
        or "gh" in lower
        or "k_" in lower
        or "sk-" in lower
        or "eyj" in lower
        or "%40" in lower
        or "whsec_" in lower
        or "bearer " in lower
        or "basic " in lower
        or (len(text) >= SHORTEST_CARD and _DIGITS.search(text) is not None)
        or (len(text) >= SHORTEST_TOKEN and _LONG_RUN.search(text) is not None)
    )


def _is_id(name: str, value: object) -> bool:
    return isinstance(value, UUID) and name.endswith("id")


def _texts_of(received: str | bytes) -> Iterator[str]:
    if isinstance(received, str):
        yield received
        return
    try:
        remaining = [json.loads(received)]
    except (ValueError, RecursionError):
        yield received.decode("utf-8", "replace")
        return
    while remaining:
        value = remaining.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, (dict, list)):
            remaining.extend(value.values() if isinstance(value, dict) else value)


def _plain(name: str) -> str:
    return _SEPARATORS.sub("", name.lower())
