"""What it costs to know whom an access token belongs to: verified each time, and remembered.
``python -m bench.tokens``.

Microseconds a check, in rounds in which both take turns: their medians, and the ratio with its
spread.
"""

import statistics
import time
from collections.abc import Callable
from typing import Final

from service.access import Identity, Tokens
from service.config import ServiceConfig

ROUNDS: Final = 15
CHECKS: Final = 2000


def microseconds(check: Callable[[str], object], tokens: list[str]) -> float:
    """Mean time of one check."""
    began = time.perf_counter()
    for number in range(CHECKS):
        check(tokens[number % len(tokens)])
    return (time.perf_counter() - began) / CHECKS * 1e6


def main() -> None:
    """Measure and print."""
    remembering, settings = Tokens(ServiceConfig.from_env({})), ServiceConfig.from_env({})
    tokens = [
        remembering.issue(Identity("6f1c1f6e-8f7e-4a3b-9c1d-2e3f4a5b6c7d", "member"))
        for _ in range(100)
    ]
    seen: list[tuple[float, float]] = []
    for _ in range(ROUNDS):
        # One that is new knows none of them.
        fresh = [Tokens(settings) for _ in range(CHECKS // len(tokens))]
        turns = iter([one for one in fresh for _ in tokens])
        seen.append(
            (
                microseconds(lambda token, turns=turns: next(turns).check(token), tokens),
                microseconds(remembering.check, tokens),
            )
        )
    ratios = sorted(verified / remembered for verified, remembered in seen)
    verified, remembered = (statistics.median(times) for times in zip(*seen, strict=True))
    print(
        f"verified {verified:.1f} µs, remembered {remembered:.2f} µs: {statistics.median(ratios):.0f} times",
        end=" ",
    )
    print(f"({ratios[0]:.0f} to {ratios[-1]:.0f}, {ROUNDS} rounds)")


if __name__ == "__main__":
    main()
