"""Demo traffic against the real service.

Everything it asks for is answered, about as often as was asked.
"""

import re
import subprocess
import sys

import pytest

from stack import paths
from stack.runner import Stack

pytestmark = pytest.mark.e2e

READ = {
    "health",
    "list, by category",
    "list, by tag",
    "list, first page",
    "list, next page",
    "post",
    "post, not there",
}
MEMBER = {
    *("register", "log in", "who am I", "who am I, unknown", "refresh", "log out"),
    *("therapists", "therapist", "slots", "book", "session", "calendar", "sessions", "cancel"),
    *("upload", "files", "download", "remove file"),
    *(
        "say",
        "say, nothing",
        "say, streamed",
        "conversations",
        "conversation",
        "forget conversation",
    ),
    *("session, not there", "webhook"),
}
"""What each member does once in a while."""
SOMETIMES = {"pay", "pay, declined", "upload, refused", "webhook, refused"}


def test_demo_traffic_is_a_mix_without_failures_that_ends_with_its_table(own_stack: Stack) -> None:
    for name in ("mongodb", "model", "stripe-mock", "service"):
        own_stack.start(name)
        own_stack.wait_ready(name)
    own_stack.seed("service")
    command = [sys.executable, "-m", "stack.cli", "load", "--port-offset", str(own_stack.offset)]
    done = subprocess.run(
        [*command, "--rate", "30", "--users", "4", "--duration", "40"],
        cwd=paths.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    rows = re.findall(r"^(?:GET|POST|DELETE) +(.+?)  +(\d+) +(\d+)\(", said, re.MULTILINE)
    names = {name for name, _, _ in rows}
    assert (done.returncode, sum(int(failed) for _, _, failed in rows)) == (0, 0), said
    assert names - SOMETIMES == READ | MEMBER
    # 1,200 expected, at random, of them 350 of members, whose life has thirty steps; fewer on a
    # busy machine.
    assert 200 < sum(int(count) for _, count, _ in rows) < 1550
