"""Scenarios on real processes take seconds of waiting each, so those that are asked for run beside
each other.
"""

from concurrent.futures import Future, ThreadPoolExecutor

import pytest

# Booting a worker takes a second of CPU; more at once would make each of them late.
AT_ONCE = 6


def scenarios(*cases):
    """Mark a test with the scenarios whose outcomes it looks at: functions with their arguments."""
    ids = [
        "-".join([case[0].__name__, *(getattr(part, "name", str(part)) for part in case[1:])])
        for case in cases
    ]
    return pytest.mark.parametrize("outcome", cases, indirect=True, ids=ids)


@pytest.fixture(scope="session")
def running(request):
    """Every scenario of this session's tests, begun."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        futures: dict[tuple, Future] = {}
        for item in request.session.items:
            case = getattr(item, "callspec", None) and item.callspec.params.get("outcome")
            if case and case not in futures:
                futures[case] = pool.submit(*case)
        yield futures
        for future in futures.values():
            future.cancel()


@pytest.fixture
def outcome(request, running):
    """What one scenario returned."""
    return running[request.param].result()
