"""Demo traffic against the real service: every kind of request, at the chosen rate, no failure."""

import re
import subprocess
import sys

import pytest

from stack import paths
from stack.runner import Stack

pytestmark = pytest.mark.e2e

READER = {
    *("health", "post", "post, missing"),
    *("list, by category", "list, by tag", "list, first page", "list, next page"),
}
MEMBER = {
    *("register", "log in", "own account", "own account, no token", "refresh", "log out"),
    *("therapists", "therapist", "slots", "book", "session", "calendar", "sessions", "cancel"),
    *("upload", "files", "download", "remove file"),
    *("message", "message, empty", "message, streamed"),
    *("conversations", "conversation", "remove conversation"),
    *("session, missing", "webhook"),
}
"""Sent by each member once in each of its rounds."""
RANDOM = {"pay", "pay, declined", "upload, refused", "webhook, refused"}


def test_demo_traffic_has_every_kind_of_request_and_no_failure(own_stack: Stack) -> None:
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
    output = done.stdout + done.stderr
    rows = re.findall(r"^(?:GET|POST|DELETE) +(.+?)  +(\d+) +(\d+)\(", output, re.MULTILINE)
    names = {name for name, _, _ in rows}
    assert (done.returncode, sum(int(failed) for _, _, failed in rows)) == (0, 0), output
    assert names - RANDOM == READER | MEMBER
    # 1,200 expected, of them 350 of members, who send thirty requests a round; random arrivals, and
    # fewer on a busy machine.
    assert 200 < sum(int(count) for _, count, _ in rows) < 1550
