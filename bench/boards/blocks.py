"""Blocks of Prometheus' database, made by promtool from OpenMetrics text, two hours at a time."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bench.boards import data
from bench.boards.data import Times

BLOCK_SECONDS: Final = 7200


def make(
    promtool: Path, folder: Path, lines: Sequence[tuple[str, float]], periods: Sequence[Times]
) -> int:
    """Write blocks into a folder; returns the number of samples.

    promtool reads its input once for each block, so that each gets a file of its own.

    Args:
        promtool: The command.
        folder: Of the database.
        lines: Series, from ``data.prefixes``.
        periods: When samples are taken, from the oldest on, without an overlap.
    """
    origin, end = periods[0].start, periods[-1].end
    first = origin - origin % BLOCK_SECONDS
    samples = 0
    for begin in range(first, end, BLOCK_SECONDS):
        text = folder / "samples.txt"
        with text.open("w", encoding="utf-8") as file:
            for times in periods:
                within = times.within(begin, begin + BLOCK_SECONDS)
                samples += data.write(file, lines, within, origin)
            file.write("# EOF\n")
        command = [str(promtool), "tsdb", "create-blocks-from", "openmetrics", "--quiet"]
        command += [str(text), str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        text.unlink()
        if done.returncode != 0:
            raise RuntimeError(f"promtool: {done.stderr or done.stdout}")
    shutil.rmtree(folder / "wal", ignore_errors=True)
    return samples
