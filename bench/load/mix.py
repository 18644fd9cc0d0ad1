"""The requests of a load: prepared bytes, each of a kind."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final, Literal

Kind = Literal["page", "slow", "fail"]
KINDS: Final[tuple[Kind, ...]] = ("page", "slow", "fail")
STATUS: Final[dict[Kind, bytes]] = {"page": b"200", "slow": b"200", "fail": b"500"}

FEW_HEADERS: Final = "Host: bench\r\n"
BROWSER_HEADERS: Final = (
    "Host: bench.example.org\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    "Accept-Language: en-GB,en;q=0.7,de;q=0.3\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Referer: https://bench.example.org/items?page=2\r\n"
    "Cookie: theme=dark; session=6f1c1f6e8f7e4a3b9c1d2e3f4a5b6c7d\r\n"
    "Cache-Control: no-cache\r\n"
)
_TURNS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Mix:
    """Which requests are sent.

    Args:
        paths: Requested in turn; one that ends in ``=`` or ``/`` gets a number that no other
            request has.
        headers: Whole lines.
        slow: Share of requests for ``/slow``.
        fail: Share of requests for ``/fail``.
        seed: Decides the order of the slow and failing ones.
    """

    paths: Sequence[str] = ("/page",)
    headers: str = FEW_HEADERS
    slow: float = 0.0
    fail: float = 0.0
    seed: int = 0

    def __iter__(self) -> Iterator[tuple[Kind, bytes]]:
        end = f" HTTP/1.1\r\n{self.headers}\r\n".encode()
        special: dict[Kind, bytes] = {
            "slow": b"GET /slow" + end,
            "fail": b"GET /fail" + end,
        }
        beginnings = [f"GET {path}".encode() for path in self.paths]
        pages = [
            (beginning if beginning.endswith((b"=", b"/")) and beginning != b"GET /" else b"")
            or beginning + end
            for beginning in beginnings
        ]
        numbers = count(1)
        turns = kinds(self.slow, self.fail, self.seed)
        for number in count():
            kind = turns[number % len(turns)]
            if kind != "page":
                yield kind, special[kind]
                continue
            page = pages[number % len(pages)]
            if not page.endswith(b"\r\n\r\n"):
                page = page + b"%d" % next(numbers) + end
            yield kind, page


def kinds(slow: float, fail: float, seed: int) -> Sequence[Kind]:
    """Return the kinds of as many requests as it takes for exact shares, in a random order."""
    if not slow and not fail:
        return ("page",)
    shares: tuple[tuple[Kind, int], ...] = (
        ("slow", round(slow * _TURNS)),
        ("fail", round(fail * _TURNS)),
    )
    several: list[Kind] = [kind for kind, number in shares for _ in range(number)]
    several += ["page"] * (_TURNS - len(several))
    random.Random(seed).shuffle(several)
    return several


MIXES: Final = {
    "simple": Mix(),
    "varied": Mix(paths=("/items/", "/search?q=", "/page"), headers=BROWSER_HEADERS),
    "mishaps": Mix(
        paths=("/items/", "/search?q=", "/page"), headers=BROWSER_HEADERS, slow=0.01, fail=0.01
    ),
}
"""By name: one path with one header; paths that differ, with a browser's headers; the same with one
request in a hundred slow, and one failing."""


def routes(number: int) -> Mix:
    """Return a mix over so many routes of ``bench.apps.pages``."""
    return Mix(paths=[f"/routes/{one}" for one in range(number)])
