"""What it costs to check an access token, verified and cached: ``python -m bench.tokens``.

Microseconds per check, in interleaved rounds: medians, and the ratio with its spread.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from typing import Final

from service.accounts.access_tokens import AccessTokens, Identity
from service.accounts.settings import AccountSettings

ROUNDS: Final = 15
CHECKS: Final = 2000


def microseconds(check: Callable[[str], object], tokens: list[str]) -> float:
    """Return the mean time of one check."""
    began = time.perf_counter()
    for number in range(CHECKS):
        check(tokens[number % len(tokens)])
    return (time.perf_counter() - began) / CHECKS * 1e6


def main() -> None:
    """Measure and print."""
    settings = AccountSettings.from_env({})
    caching = AccessTokens(settings)
    identity = Identity("6f1c1f6e-8f7e-4a3b-9c1d-2e3f4a5b6c7d", "member")
    tokens = [caching.issue(identity) for _ in range(100)]
    times: list[tuple[float, float]] = []
    for _ in range(ROUNDS):
        # Each new object has an empty cache, and checks every token once.
        new = [AccessTokens(settings) for _ in range(CHECKS // len(tokens))]
        turns = iter([one for one in new for _ in tokens])

        def verify(token: str, turns: Iterator[AccessTokens] = turns) -> None:
            next(turns).verify(token)

        times.append((microseconds(verify, tokens), microseconds(caching.verify, tokens)))
    ratios = sorted(verified / cached for verified, cached in times)
    verified, cached = (statistics.median(column) for column in zip(*times, strict=True))
    print(
        f"verified {verified:.1f} µs, cached {cached:.2f} µs: {statistics.median(ratios):.0f} times"
        f" ({ratios[0]:.0f} to {ratios[-1]:.0f}, {ROUNDS} rounds)"
    )


if __name__ == "__main__":
    main()
