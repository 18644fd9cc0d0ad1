"""``python -m service``: the service in one process of its own, without gunicorn."""

from gevent import monkey

if __name__ == "__main__":
    monkey.patch_all()

import os
import sys

from service.bootstrap import build
from telemetry import SettingError
from telemetry.standalone import serve


def main() -> int:
    """Serve until a signal stops the process.

    Returns:
        The exit code; 1, with one line on standard error, for an invalid setting.
    """
    try:
        service = build(os.environ)
    except SettingError as error:
        print(error, file=sys.stderr)
        return 1
    return serve(
        service.app, service.telemetry, service.settings.server.host, service.settings.server.port
    )


if __name__ == "__main__":
    sys.exit(main())
