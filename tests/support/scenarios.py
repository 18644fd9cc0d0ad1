"""Scenarios on real processes, run beside each other, because each takes seconds of waiting.

A test is marked with ``scenarios``; its fixture ``outcome`` is what the scenario returned. The
conftest of the tests imports the fixtures.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final

import pytest

# Booting a worker takes a second of CPU; more at once would make each of them late.
AT_ONCE: Final = 6

Scenario = tuple[Callable[..., Any], ...]


def scenarios(*cases: tuple[Any, ...]) -> pytest.MarkDecorator:
    """Mark a test with the scenarios whose outcomes it checks: functions with their arguments."""
    ids = [
        "-".join([case[0].__name__, *(getattr(part, "name", str(part)) for part in case[1:])])
        for case in cases
    ]
    return pytest.mark.parametrize("outcome", cases, indirect=True, ids=ids)


@pytest.fixture(scope="session")
def running(request: pytest.FixtureRequest) -> Iterator[dict[Scenario, Future[Any]]]:
    """Every scenario of this session's tests, begun."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        futures: dict[Scenario, Future[Any]] = {}
        for item in request.session.items:
            callspec = getattr(item, "callspec", None)
            case = callspec.params.get("outcome") if callspec is not None else None
            if case and case not in futures:
                futures[case] = pool.submit(*case)
        yield futures
        for future in futures.values():
            future.cancel()


@pytest.fixture
def outcome(request: pytest.FixtureRequest, running: dict[Scenario, Future[Any]]) -> Any:
    """What one scenario returned."""
    return running[request.param].result()
