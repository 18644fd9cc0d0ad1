"""``python -m tests.support.fixed_viewer --port N``: serve until the process ends."""

from gevent import monkey

if __name__ == "__main__":
    monkey.patch_all()

import argparse
import sys
from collections.abc import Sequence

from gevent import pywsgi

from stack.ports import HOST
from tests.support.fixed_viewer.sources import viewer


def main(arguments: Sequence[str]) -> None:
    """Serve until the process ends.

    Args:
        arguments: of the command line, without the command.
    """
    parser = argparse.ArgumentParser(description="The viewer in front of fixed answers.")
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args(arguments)
    pywsgi.WSGIServer((HOST, options.port), viewer(), backlog=256, log=None).serve_forever()


if __name__ == "__main__":
    main(sys.argv[1:])
