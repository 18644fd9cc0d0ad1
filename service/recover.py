"""``python -m service.recover``: one pass over bookings that wait to be finished or ended, for when
one should not wait for a worker's.
"""

from gevent import monkey

if __name__ == "__main__":
    monkey.patch_all()

import os
import sys
from collections.abc import Mapping

from service import commands
from service.bootstrap import Service
from service.sessions.room import SessionsRoom


def recover(service: Service) -> str:
    """Make one pass; returns one line on what was done."""
    return f"bookings: {service.room(SessionsRoom).recovery.run_pass()} finished"


def main(environ: Mapping[str, str]) -> int:
    """Make one pass on the database that the environment names; returns the exit code."""
    return commands.run("bookings", environ, recover)


if __name__ == "__main__":
    sys.exit(main(os.environ))
