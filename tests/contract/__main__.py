"""`python -m tests.contract`: the API against its own OpenAPI document, on a service of the job's
own; `./serene contract` runs this.
"""

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from tests.contract.job import run


def main() -> int:
    """Returns: 0 when nothing was found."""
    parser = argparse.ArgumentParser(
        prog="./serene contract",
        description="Make up requests from the OpenAPI document and check every answer.",
    )
    parser.add_argument("--minutes", type=float, default=20.0, help="how long (default: 20)")
    parser.add_argument(
        "--seed", type=int, help="of an earlier run, to make the same requests again"
    )
    parser.add_argument("--only", metavar="REGEX", help="only operations whose path has this in it")
    options = parser.parse_args()
    # Whoever ends the job ends what it started.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    with tempfile.TemporaryDirectory(
        prefix="serene-contract-", ignore_cleanup_errors=True
    ) as directory:
        return run(Path(directory), options.minutes * 60, options.seed, options.only)


if __name__ == "__main__":
    sys.exit(main())
