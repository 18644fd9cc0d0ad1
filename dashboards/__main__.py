"""``python -m dashboards``: write every board's JSON into ``dashboards/generated/``."""

import json
from pathlib import Path
from typing import Final

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.boards import members, mongodb, runtime, service

GENERATED: Final = Path(__file__).parent / "generated"


def boards() -> dict[str, Dashboard]:
    """Every board by the name of its file."""
    return {
        "service.json": service.board(),
        "members.json": members.board(),
        "mongodb.json": mongodb.board(),
        "runtime.json": runtime.board(),
    }


def text(board: Dashboard) -> str:
    """A board as it is committed: keys in order, so that a change shows as itself."""
    return json.dumps(board, cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def write(folder: Path) -> None:
    """Write every board into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, board in boards().items():
        (folder / name).write_text(text(board), encoding="utf-8")


if __name__ == "__main__":
    write(GENERATED)
