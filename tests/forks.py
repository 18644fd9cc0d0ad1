"""Forked children of the test process: each has a copy of every greenlet, and nothing to do until
its exec.

One that hands over to the hub before it would go on with the tests themselves, unseen. It ends
here, and prints where it did.
"""

import os
import sys
import traceback
from typing import Any, Final

import greenlet

EXIT_CODE: Final = 97


def end_children_that_go_on() -> None:
    """From now on."""
    os.register_at_fork(after_in_child=lambda: greenlet.settrace(_end))


def _end(event: str, between: tuple[Any, Any]) -> None:
    print(f"a forked child handed over to {between[1]} before its exec, at:", file=sys.stderr)
    traceback.print_stack(between[0].gr_frame, file=sys.stderr)
    sys.stderr.flush()
    os._exit(EXIT_CODE)
