"""``python -m dashboards``: write the JSON of every board, and the rules and routes of alerts.

With ``--output DIR`` only rules and routes are written, into that folder, and with ``--time-scale
N`` each window, waiting time and interval of them is divided by N, for tests.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards import alerts
from dashboards.board_json import GENERATED
from dashboards.boards import (
    home,
    life_cycle,
    members,
    mongodb,
    runtime,
    service,
    slow_requests,
    telemetry_pipeline,
)
from dashboards.time_scale import TimeScale


def boards() -> dict[str, Dashboard]:
    """Return every board by its file name."""
    return {
        "home.json": home.BOARD.build(),
        "life-cycle.json": life_cycle.BOARD.build(),
        "service.json": service.BOARD.build(),
        "members.json": members.BOARD.build(),
        "mongodb.json": mongodb.BOARD.build(),
        "runtime.json": runtime.BOARD.build(),
        "slow-requests.json": slow_requests.BOARD.build(),
        "telemetry-pipeline.json": telemetry_pipeline.BOARD.build(),
    }


def to_json(board: Dashboard) -> str:
    """Return a board as it is committed: with sorted keys, so that a diff shows only changes."""
    text = json.dumps(board, cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False)
    return text + "\n"


def write(folder: Path) -> None:
    """Write every board into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, board in boards().items():
        (folder / name).write_text(to_json(board), encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(prog="python -m dashboards", description=__doc__)
    parser.add_argument("--output", type=Path, metavar="DIR", help="default: where they belong")
    parser.add_argument("--time-scale", type=float, default=1.0, metavar="N", help="default: 1")
    options = parser.parse_args(arguments)
    if options.time_scale != 1 and options.output is None:
        parser.error("--time-scale is for tests: give a folder with --output")
    try:
        time = TimeScale(options.time_scale)
    except ValueError as error:
        parser.error(str(error))
    alerts.write(options.output or alerts.DEPLOY, time)
    if options.output is None:
        write(GENERATED)


if __name__ == "__main__":
    main()
