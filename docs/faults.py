"""Writes the tables of faults: ``python docs/faults.py``, in the README and in docs/faults.md.

They come from ``docs/faults.json``, which ``python docs/faults.py --measure`` writes: it presses
every fault on a real stack, as the tests do (``tests/e2e/faults``), and takes seven minutes. A test
compares all three.
"""

from gevent import monkey

monkey.patch_all()

import argparse  # noqa: E402
import json  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
from collections.abc import Mapping, Sequence  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

ROOT = Path(__file__).parents[1]
MEASURED = ROOT / "docs" / "faults.json"
PAGES = (ROOT / "README.md", ROOT / "docs" / "faults.md")
HOME = "Home: "
BEGIN, END = "<!-- faults: python docs/faults.py -->", "<!-- end of faults -->"
sys.path.insert(0, str(ROOT))


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the faults as a table; links are relative to the repository's root."""
    lines = [
        "| fault | what happens | alert | fires, ends | panels | runbook |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        cells = (
            f"`{row['fault']}`",
            row["what"],
            row["alert"],
            f"{_seconds(row['fired_seconds'])}, {_seconds(row['resolved_seconds'])}",
            _panels(row),
            f"[{Path(row['runbook']).stem}]({row['runbook']})",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _panels(row: Mapping[str, Any]) -> str:
    """Return the first panels of the fault's board; else those of Home."""
    own = [title for title in row["panels"] if not title.startswith(HOME)]
    if own:
        return f"{row['board'].removeprefix('serene-')}: {' · '.join(own[:4])}"
    return f"home: {' · '.join(title.removeprefix(HOME) for title in row['panels'])}"


def _seconds(value: int | None) -> str:
    return "–" if value is None else f"{value} s"  # noqa: RUF001 - a dash stands for no value


def with_table(measured: Mapping[str, Any], page: Path) -> str:
    """Return a page with the table between its two marks."""
    before, _, rest = page.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    shown = table(measured["faults"])
    if page.parent != ROOT:
        shown = shown.replace("](docs/", "](")
    return f"{before}{BEGIN}\n\n{shown}\n\n{END}{after}"


def measure() -> dict[str, Any]:
    """Run the drill; returns what ``docs/faults.json`` has.

    Raises:
        SystemExit: A fault's alert did not fire, or did not end.
    """
    # Only here: the page needs no stack.
    from tests.e2e.faults.drill import Drill, rows  # noqa: PLC0415
    from tests.e2e.faults.stand import TIME_SCALE, drill_stand  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder, drill_stand(Path(folder)) as stand:
        observations = Drill(stand).run()
    problems = [f"{one.fault}: {one.problem}" for one in observations.values() if one.problem]
    if problems:
        raise SystemExit("\n".join(problems))
    return {"time_scale": TIME_SCALE, "faults": list(rows(observations))}


def main() -> None:
    """Write the tables, or what they are made from."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--measure", action="store_true", help="write docs/faults.json anew")
    if parser.parse_args().measure:
        text = json.dumps(measure(), indent=1, ensure_ascii=False)
        MEASURED.write_text(f"{text}\n", "utf-8")
    measured = json.loads(MEASURED.read_text("utf-8"))
    for page in PAGES:
        page.write_text(with_table(measured, page), "utf-8")


if __name__ == "__main__":
    main()
