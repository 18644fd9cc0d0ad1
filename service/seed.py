"""``python -m service.seed``: load the demo data of every room.

Existing data is unchanged, so the command can run again.
"""

import os
import sys
from collections.abc import Mapping

from service import commands
from service.bootstrap import Service


def seed(service: Service) -> str:
    """Create the indexes and load each room's demo data.

    Returns:
        One line for each room.

    Raises:
        pymongo.errors.PyMongoError: MongoDB fails.
    """
    service.mongo.set_up()
    return "\n".join(room.load_demo_data() for room in service.rooms if room.load_demo_data)


def main(environ: Mapping[str, str]) -> int:
    """Seed the database that the environment names and return the exit code."""
    return commands.run("demo data", environ, seed)


if __name__ == "__main__":
    sys.exit(main(os.environ))
