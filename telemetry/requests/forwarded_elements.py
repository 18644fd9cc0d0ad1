"""The elements of the header ``Forwarded``, read from the right.

The rightmost element is the nearest proxy's own, and a client may have begun the header with any
text, such as a quote that it never closes. So each element is found from the end of the header, and
nothing to the left of it can change how it is read: in a quoted string that a proxy closed, every
inner quote has a backslash before it, and the grammar of an element allows none outside of quotes.

Source: RFC 7239, section 4; RFC 9110, section 5.6.1 (empty list elements) and 5.6.4 (quoted
strings).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

MAX_HOPS: Final = 64
"""Elements of a list, empty ones included, that are read; no chain of proxies is so long."""
MAX_COMMAS_IN_ELEMENT: Final = 16
MAX_LENGTH: Final = 16_384

# Many proxies write an IPv6 address or a host with a port without quotes: ":", "[", "]" and "/" are
# taken in a token, for they end nothing.
_PAIR: Final = r"""[!#$%&'*+.^_`|~0-9A-Za-z-]++=(?:[!#$%&'*+.^_`|~0-9A-Za-z:\[\]/@-]++|"""
_QUOTED: Final = r""""(?:[^"\\\x00-\x08\x0a-\x1f\x7f]|\\[^\x00-\x08\x0a-\x1f\x7f])*+")"""
_ELEMENT: Final = re.compile(
    rf"[ \t]*+(?:{_PAIR}{_QUOTED})?[ \t]*+(?:;[ \t]*+(?:{_PAIR}{_QUOTED})?[ \t]*+)*+"
)
_PARAMETER: Final = re.compile(r"""([^\s=;"]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))""")
_ESCAPE: Final = re.compile(r"\\(.)")

Element = Mapping[str, str]


def elements_from_right(header: str) -> Iterator[Element]:
    """Yield the parameters of each element, by their names in lower case, nearest proxy first.

    Args:
        header: Several header lines are joined by commas.

    Yields:
        An empty mapping for an element that is not valid, or that has a parameter twice; the caller
        cannot know what is to the left of it, and the iteration ends.
    """
    # Cut on the left: what is far from the nearest proxy.
    end, header = min(len(header), MAX_LENGTH), header[-MAX_LENGTH:]
    for _ in range(MAX_HOPS):
        if end < 0:
            return
        start = _start_of_element(header, end)
        if start is None:
            yield {}
            return
        text = header[start:end].strip(" \t")
        end = start - 1
        if text:
            parameters = _parameters(text)
            yield parameters
            if not parameters:
                return


def _start_of_element(header: str, end: int) -> int | None:
    """Where the element begins that ends at ``end``; a comma inside of quotes does not begin it."""
    comma = end
    for _ in range(MAX_COMMAS_IN_ELEMENT + 1):
        comma = header.rfind(",", 0, comma)
        if _ELEMENT.fullmatch(header, comma + 1, end):
            return comma + 1
        if comma < 0:
            break
    return None


def _parameters(text: str) -> Element:
    found: dict[str, str] = {}
    for name, quoted, token in _PARAMETER.findall(text):
        key = name.lower()
        if key in found:
            return {}
        found[key] = _ESCAPE.sub(r"\1", quoted) if quoted else token
    return found
