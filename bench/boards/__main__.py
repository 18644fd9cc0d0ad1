"""``python -m bench.boards``: the table of each board's time, over an hour and over a day.

The newest two hours have the interval of real scrapes; the hours before are sparser, because a day
of scrapes is a hundred gigabytes of text. Series of recording rules are made by evaluating the
rules once and repeating their values.
"""

import argparse
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import requests

from bench.boards import blocks, data
from bench.boards.data import Times
from bench.boards.measuring import Cost, View, board_of
from bench.boards.recorded import recorded_lines
from bench.boards.server import commands, prometheus


def main() -> None:
    """Make the data, ask every query, and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m bench.boards", description=__doc__)
    parser.add_argument("--instances", type=int, default=200)
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument("--interval", type=int, default=300, help="seconds, of the older hours")
    parser.add_argument("--recent-interval", type=int, default=15, help="seconds, of the last ones")
    parser.add_argument("--folder", type=Path, help="keeps the data for another run")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch)
        end = make_data(folder, options)
        with prometheus(folder) as url:
            recent, interval = options.recent_interval, options.interval
            for title, seconds, scrape in (("1 h", 3600, recent), ("24 h", 86400, interval)):
                print_table(title, list(View(url, end, seconds, scrape, {}).measure()))
            one = {
                "instance": requests.get(
                    f"{url}/api/v1/label/service_instance_id/values", timeout=60
                ).json()["data"][0]
            }
            print_table("1 h, one instance", list(View(url, end, 3600, recent, one).measure()))


def make_data(folder: Path, options: argparse.Namespace) -> int:
    """Write the blocks, unless the folder has them; returns the Unix time of their end."""
    marker = folder / "end"
    if marker.exists():
        return int(marker.read_text())
    folder.mkdir(parents=True, exist_ok=True)
    end = int(time.time()) // blocks.BLOCK_SECONDS * blocks.BLOCK_SECONDS
    dense = end - min(options.hours, 1) * 3600 - 600
    periods = [
        Times(end - options.hours * 3600, dense, options.interval),
        Times(dense, end, options.recent_interval),
    ]
    promtool = commands() / "promtool"
    lines = list(data.prefixes(options.instances))
    began = time.monotonic()
    samples = blocks.make(promtool, folder, lines, periods)
    print(f"{len(lines):,} series, {samples:,} samples in {time.monotonic() - began:.0f} s")
    for _ in range(3):  # rules use the series of other rules
        with prometheus(folder) as url:
            more = recorded_lines(url, end - 60)
        blocks.make(promtool, folder, more, [Times(periods[0].start, end, 60)])
    marker.write_text(str(end))
    return end


def print_table(title: str, costs: list[Cost]) -> None:
    """Print each board's time and samples, and its dearest query."""
    by_board: dict[str, list[Cost]] = defaultdict(list)
    for cost in costs:
        by_board[board_of(cost)].append(cost)
    print(f"\n{title}\n| board | queries | all, s | slowest, s | samples read | slowest panel |")
    print("|---|---|---|---|---|---|")
    for board, own in sorted(by_board.items()):
        slowest = max(own, key=lambda cost: cost.seconds)
        print(
            f"| {board} | {len(own)} | {sum(cost.seconds for cost in own):.2f}"
            f" | {slowest.seconds:.2f} | {sum(cost.samples for cost in own):,}"
            f" | {slowest.query.panel}, {slowest.query.legend} |"
        )


if __name__ == "__main__":
    main()
