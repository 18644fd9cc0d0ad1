"""Series of the recording rules, for data that no running Prometheus has evaluated."""

from pathlib import Path
from typing import Final

import requests
import yaml

RULES: Final = Path(__file__).parents[2] / "deploy" / "rules"


def recorded_lines(url: str, at: int) -> list[tuple[str, float]]:
    """Return the series that the rules would write at a time, and that are not there yet."""
    lines: dict[str, float] = {}
    for file in sorted(RULES.glob("*.yml")):
        for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]:
            for rule in group["rules"]:
                if "record" in rule and not _query(url, rule["record"], at):
                    for series in _query(url, rule["expr"], at):
                        labels = {**series["metric"], **rule.get("labels", {})}
                        labels.pop("__name__", None)
                        text = ",".join(f'{name}="{value}"' for name, value in labels.items())
                        lines[f"{rule['record']}{{{text}}} "] = 0.0
    return list(lines.items())


def _query(url: str, expression: str, at: int) -> list[dict[str, dict[str, str]]]:
    answer = requests.post(
        f"{url}/api/v1/query", data={"query": expression, "time": at}, timeout=600
    ).json()
    if answer["status"] != "success":
        raise RuntimeError(f"{answer['error']}: {expression}")
    found: list[dict[str, dict[str, str]]] = answer["data"]["result"]
    return found
