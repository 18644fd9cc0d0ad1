"""Which requests the demo traffic sends, and how often: the shares by which costs are weighted.

They come from the traffic's own code (``stack/traffic``): the weights of a reader's tasks, and the
requests that a member sends, counted while it runs against made-up responses.
"""

import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, Final

from stack import paths
from stack.traffic.member import Member

MEMBER_TASK: Final = "use_membership"
REQUEST_OF_TASK: Final = {
    "list_first_page": "list, first page",
    "list_next_page": "list, next page",
    "list_by_tag": "list, by tag",
    "list_by_category": "list, by category",
    "read_post": "post",
    "read_missing_post": "post, missing",
    "get_health": "health",
}
MEMBER_REQUESTS: Final = 20_000
# Importing a locust file patches the process, so another one does it.
_READ_TASKS: Final = """
import json, runpy, collections
tasks = runpy.run_path("stack/traffic/locustfile.py", run_name="locustfile")["Reader"].tasks
print(json.dumps(collections.Counter(task.__name__ for task in tasks)))
"""
_IDS: Final[Mapping[str, Mapping[str, Any]]] = {
    "log in": {"access_token": "a", "refresh_token": "r"},
    "refresh": {"access_token": "a", "refresh_token": "r"},
    "therapists": {"therapists": [{"id": "1"}]},
    "slots": {"slots": [{"starts_at": "2026-01-01T00:00:00Z"}]},
    "book": {"id": "1"},
    "upload": {"id": "1"},
    "message": {"conversation_id": "1"},
}


def shares() -> dict[str, float]:
    """Return the share of each request of the demo traffic in the long run; their sum is 1."""
    tasks = reader_tasks()
    whole = sum(tasks.values())
    found = {REQUEST_OF_TASK[task]: n / whole for task, n in tasks.items() if task != MEMBER_TASK}
    for name, share in member_shares().items():
        found[name] = found.get(name, 0.0) + share * tasks[MEMBER_TASK] / whole
    return found


def reader_tasks() -> Mapping[str, int]:
    """Return the weight of each task of the locust file."""
    done = subprocess.run(
        [sys.executable, "-c", _READ_TASKS],
        cwd=paths.ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    weights: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    return weights


def member_shares(requests: int = MEMBER_REQUESTS, seed: int = 1) -> dict[str, float]:
    """Return the share of each request of a member, counted over so many requests.

    Registration is left out: a member registers once, and then never ends.
    """
    random.seed(seed)
    client = _Client()
    # It needs of locust's client only what is counted here.
    sent: Any = client
    steps = Member(sent, "a secret").requests()
    for _ in range(requests):
        next(steps)
    del client.counts["register"]
    whole = sum(client.counts.values())
    return {name: count / whole for name, count in client.counts.items()}


class _Client:
    """Counts requests, and answers each as the service would."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    @contextmanager
    def request(self, _method: str, _path: str, *, name: str, **_: Any) -> Any:
        self.counts[name] += 1
        statuses = {"book": 201, "upload": 201, "register": 202}
        yield SimpleNamespace(
            status_code=statuses.get(name, 200),
            headers={"Content-Type": "application/json"},
            success=lambda: None,
            json=lambda: dict(_IDS.get(name, {})),
        )
