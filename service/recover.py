"""``python -m service.recover``: one recovery pass over bookings, at once."""

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
    """Make one recovery pass and return one line about it."""
    return f"bookings: {service.room(SessionsRoom).recovery.run_pass()} finished"


def main(environ: Mapping[str, str]) -> int:
    """Make one pass on the database that the environment names and return the exit code."""
    return commands.run("bookings", environ, recover)


if __name__ == "__main__":
    sys.exit(main(os.environ))
