"""``python -m stack.viewer``: the viewer's server, until the process ends."""

from gevent import monkey

if __name__ == "__main__":
    monkey.patch_all()

import argparse
import sys
from collections.abc import Sequence

from gevent import pywsgi

from stack import paths
from stack.ports import HOST
from stack.viewer.app import Viewer
from stack.viewer.proxy import Upstream

_BACKENDS = ("prom", "tempo", "loki", "alertmanager")


def main(arguments: Sequence[str]) -> None:
    """Serve until the process ends.

    Args:
        arguments: of the command line, without the command.
    """
    parser = argparse.ArgumentParser(description="The viewer's server, on loopback.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--management", type=int, required=True, help="port of the first worker")
    parser.add_argument("--workers", type=int, required=True)
    for name in _BACKENDS:
        parser.add_argument(f"--{name}", type=int, required=True, help=f"port of /{name}")
    options = parser.parse_args(arguments)
    upstreams = {name: Upstream(HOST, getattr(options, name)) for name in _BACKENDS}
    workers = [Upstream(HOST, options.management + slot) for slot in range(options.workers)]
    app = Viewer(paths.ROOT, upstreams, workers)
    pywsgi.WSGIServer((HOST, options.port), app, backlog=256, log=None).serve_forever()


if __name__ == "__main__":
    main(sys.argv[1:])
