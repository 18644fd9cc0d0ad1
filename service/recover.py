"""``python -m service.recover``: one pass over bookings that wait to be finished or ended, for when
one should not wait for a worker's.
"""

from gevent import monkey

if __name__ == "__main__":
    monkey.patch_all()

import os
import sys
from collections.abc import Mapping

from pymongo.errors import PyMongoError

from service.booking import Recovery
from service.compose import compose
from telemetry import SettingError


def main(environ: Mapping[str, str]) -> int:
    """Make one pass on the database that the environment names.

    Returns:
        The exit code; 1, with one line on standard error, when it could not be made.
    """
    try:
        service = compose(environ)
    except SettingError as error:
        print(error, file=sys.stderr)
        return 1
    try:
        print(f"bookings: {Recovery(service.bookings).once()} finished")
    except PyMongoError as error:
        print(
            f"bookings: MongoDB cannot be used: {str(error).partition(' (configured')[0]}",
            file=sys.stderr,
        )
        return 1
    finally:
        service.store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
