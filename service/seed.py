"""``python -m service.seed``: load what a demo shows, room by room.

What is there already is left alone, so it can run again.
"""

import os
import sys
from collections.abc import Mapping

from service import commands
from service.bootstrap import Service


def seed(service: Service) -> str:
    """Create the indexes and load each room's demo data.

    Returns:
        One line a room on what was done.

    Raises:
        pymongo.errors.PyMongoError: MongoDB cannot be reached, or refuses.
    """
    service.mongo.set_up()
    return "\n".join(room.load_demo_data() for room in service.rooms if room.load_demo_data)


def main(environ: Mapping[str, str]) -> int:
    """Seed the database that the environment names; returns the exit code."""
    return commands.run("demo data", environ, seed)


if __name__ == "__main__":
    sys.exit(main(os.environ))
