"""`python -m tests.contract`: tests the API against its own OpenAPI document.

`./serene contract` runs this, on a service that it starts.
"""

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from tests.contract.job import run


def main() -> int:
    """Run the job; returns 0 when it finds nothing."""
    parser = argparse.ArgumentParser(
        prog="./serene contract",
        description="Generate requests from the OpenAPI document and check every response.",
    )
    parser.add_argument("--minutes", type=float, default=20.0, help="how long (default: 20)")
    parser.add_argument(
        "--seed", type=int, help="of an earlier run, to make the same requests again"
    )
    parser.add_argument("--only", metavar="REGEX", help="only operations whose path has this in it")
    options = parser.parse_args()
    # The end of the job ends what it started.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    with tempfile.TemporaryDirectory(
        prefix="serene-contract-", ignore_cleanup_errors=True
    ) as directory:
        return run(Path(directory), options.minutes * 60, options.seed, options.only)


if __name__ == "__main__":
    sys.exit(main())
