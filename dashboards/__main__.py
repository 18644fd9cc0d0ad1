"""``python -m dashboards``: write the JSON of every board, and the rules of the alerts."""

import json
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards import alerts
from dashboards.board_json import GENERATED
from dashboards.boards import home, life_cycle, members, mongodb, runtime, service


def boards() -> dict[str, Dashboard]:
    """Return every board by its file name."""
    return {
        "home.json": home.BOARD.build(),
        "life-cycle.json": life_cycle.BOARD.build(),
        "service.json": service.BOARD.build(),
        "members.json": members.BOARD.build(),
        "mongodb.json": mongodb.BOARD.build(),
        "runtime.json": runtime.BOARD.build(),
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


if __name__ == "__main__":
    write(GENERATED)
    alerts.RULES.write_text(alerts.to_yaml(), encoding="utf-8")
