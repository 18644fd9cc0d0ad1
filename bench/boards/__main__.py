"""``python -m bench.boards``: how long each board takes, with 1 and with 200 instances.

Prometheus answers what a board asks when it is opened, six queries at a time: variables,
annotations and panels, those of collapsed sections too. Loki and Tempo are not asked.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.boards import blocks, data, document, measuring, rules
from bench.boards.data import Times
from bench.boards.document import Row
from bench.boards.measuring import Load, View
from bench.boards.server import prometheus

RANGES = {"1 h": 3600, "24 h": 86400}
RECENT_SECONDS = 330


@dataclass(frozen=True, slots=True)
class Data:
    """A folder of blocks, the Unix time of their end, and the interval of their scrapes."""

    folder: Path
    end: int
    interval: int


def main() -> None:
    """Make the data, open every board, and print or write the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.boards", description=__doc__)
    parser.add_argument("--instances", type=int, default=200)
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument("--interval", type=int, default=15, help="seconds between two scrapes")
    parser.add_argument("--folder", type=Path, help="keeps the data for another run")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help=f"into {document.FILE.name}")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = options.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        few, many = (
            make_data(folder / str(number), number, options) for number in (1, options.instances)
        )
        rows = list(measure(few, many, options.instances, options.rounds))
        with prometheus(many.folder) as url:
            groups = list(rules.groups(url, many.end))
    text = "\n".join((document.table(rows), document.table_of_rules(groups)))
    print(text)
    if options.write:
        document.write(text)


def measure(few: Data, many: Data, instances: int, rounds: int) -> Iterator[Row]:
    """Yield the loads of each board: of one instance, of all, and of one of them chosen."""
    with prometheus(few.folder) as one, prometheus(many.folder) as all_of_them:
        views = {
            (label, title): View(url, own.end, seconds, own.interval, values)
            for label, url, own, values in (
                ("1", one, few, {}),
                (str(instances), all_of_them, many, {}),
                (f"1 of {instances}", all_of_them, many, {"instance": "host-0/0"}),
            )
            for title, seconds in RANGES.items()
        }
        for board in measuring.boards():
            for (label, title), view in views.items():
                loads = sorted((view.load(board) for _ in range(rounds)), key=_seconds)
                yield Row(board.removesuffix(".json"), label, title, loads)


def _seconds(load: Load) -> float:
    return load.seconds


def make_data(folder: Path, instances: int, options: argparse.Namespace) -> Data:
    """Write the blocks, unless the folder has them."""
    marker = folder / "end"
    if not marker.exists():
        folder.mkdir(parents=True, exist_ok=True)
        end = int(time.time()) // blocks.BLOCK_SECONDS * blocks.BLOCK_SECONDS
        times = Times(end - options.hours * 3600, end, options.interval)
        began = time.monotonic()
        samples = blocks.make(folder, data.parts(instances, times, RECENT_SECONDS))
        made = time.monotonic()
        blocks.evaluate_rules(folder, times)
        evaluated = time.monotonic()
        blocks.settle(folder)
        print(
            f"{instances} instances: {samples:,} samples in {made - began:.0f} s, rules in"
            f" {evaluated - made:.0f} s, merged in {time.monotonic() - evaluated:.0f} s",
            flush=True,
        )
        marker.write_text(str(end))
    return Data(folder, int(marker.read_text()) - options.interval, options.interval)


if __name__ == "__main__":
    main()
