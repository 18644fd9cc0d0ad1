"""Blocks of Prometheus' database: promtool makes them of OpenMetrics text."""

import itertools
import json
import os
import re
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import requests
import yaml

from bench.boards import data
from bench.boards.data import Part, Times
from bench.boards.server import commands, prometheus

BLOCK_SECONDS: Final = 7200
RULES: Final = Path(__file__).parents[2] / "deploy" / "rules"
_SETTLED_SECONDS: Final = 900
_NAME: Final = re.compile(r"[a-zA-Z_:][\w:]*")


def make(folder: Path, parts: Sequence[Part]) -> int:
    """Write the samples of some series into a folder; returns their number.

    promtool reads its input once for each block, so that each gets a file of its own.
    """
    samples = 0
    start = min(part.times.start for part in parts)
    for begin in _begins(start, max(part.times.end for part in parts)):
        within = [(part, part.times.within(begin, begin + BLOCK_SECONDS)) for part in parts]
        samples += sum(len(times) * len(part.lines) for part, times in within)
        _write_block(folder, (text for part, times in within for text in data.texts(part, times)))
    return samples


def evaluate_rules(folder: Path, times: Times) -> None:
    """Write what the recording rules would have written at these times, as Prometheus does.

    It evaluates each over what is in the database: rules that read what others write come after
    them. Not by ``promtool tsdb create-blocks-from rules``, which writes a block of two hours for
    each rule: a thousand for a day.
    """
    for rules in _in_order():
        with prometheus(folder) as url:
            for begin in _begins(times.start, times.end):
                within = times.within(begin, begin + BLOCK_SECONDS)
                if within:
                    _write_block(folder, (_evaluated(url, rule, within) for rule in rules))


def _evaluated(url: str, rule: Mapping[str, Any], times: range) -> str:
    parameters = {
        "query": rule["expr"],
        "start": times[0],
        "end": times[-1],
        "step": times.step,
    }
    response = requests.post(f"{url}/api/v1/query_range", data=parameters, timeout=600)
    answer = response.json()
    if answer["status"] != "success":
        raise RuntimeError(f"{rule['record']}: {answer['error']}")
    lines = []
    for series in answer["data"]["result"]:
        labels = {**series["metric"], **rule.get("labels", {})}
        labels.pop("__name__", None)
        text = ",".join(f'{name}="{value}"' for name, value in labels.items())
        begin = f"{rule['record']}{{{text}}}"
        lines += [f"{begin} {value} {at}\n" for at, value in series["values"]]
    return "".join(lines)


def _write_block(folder: Path, texts: Iterable[str]) -> None:
    file = folder / f"samples-{os.getpid()}.txt"
    with file.open("w", encoding="utf-8") as opened:
        opened.writelines(texts)
        opened.write("# EOF\n")
    command = [str(commands() / "promtool"), "tsdb", "create-blocks-from", "openmetrics"]
    done = subprocess.run(
        [*command, "--quiet", str(file), str(folder)], capture_output=True, text=True, check=False
    )
    file.unlink()
    if done.returncode != 0:
        raise RuntimeError(f"promtool: {done.stderr or done.stdout}")


def _begins(start: int, end: int) -> range:
    return range(start - start % BLOCK_SECONDS, end, BLOCK_SECONDS)


def _in_order() -> list[list[dict[str, Any]]]:
    """Return the recording rules in steps, each of which reads only earlier ones."""
    left = [
        rule
        for file in sorted(RULES.glob("*.yml"))
        for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]
        for rule in group["rules"]
        if "record" in rule
    ]
    steps: list[list[dict[str, Any]]] = []
    while left:
        names = {rule["record"] for rule in left}
        ready = [rule for rule in left if not names & set(_NAME.findall(rule["expr"]))]
        left = [rule for rule in left if rule not in ready]
        steps.append(ready)
    return steps


def settle(folder: Path) -> None:
    """Let Prometheus merge blocks of the same time, as it does for one that writes them itself.

    Raises:
        RuntimeError: It does not within a quarter of an hour.
    """
    with prometheus(folder):
        deadline = time.monotonic() + _SETTLED_SECONDS
        while _overlap(folder):
            if time.monotonic() > deadline:
                raise RuntimeError("Prometheus does not merge the blocks")
            time.sleep(2)


def _overlap(folder: Path) -> bool:
    ranges = sorted(
        (meta["minTime"], meta["maxTime"])
        for file in folder.glob("*/meta.json")
        for meta in [json.loads(file.read_text(encoding="utf-8"))]
    )
    return any(earlier[1] > later[0] for earlier, later in itertools.pairwise(ranges))
