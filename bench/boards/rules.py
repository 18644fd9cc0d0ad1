"""What one evaluation of each group of recording rules costs, with all instances."""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import requests
import yaml

from bench.boards.blocks import RULES

_ROUNDS: Final = 3


@dataclass(frozen=True, slots=True)
class Group:
    """A group of rules.

    Args:
        name: Its name.
        interval: Between two evaluations, as Prometheus writes it.
        records: What each rule records.
        seconds: Of each rule, the least of a few rounds.
        processor_seconds: Of Prometheus for one evaluation, the least of a few rounds.
    """

    name: str
    interval: str
    records: Sequence[str]
    seconds: Sequence[float]
    processor_seconds: float

    def __str__(self) -> str:
        """Return its line of the table."""
        slowest, record = max(zip(self.seconds, self.records, strict=True))
        return (
            f"| {self.name} | {self.interval} | {len(self.records)} |"
            f" {sum(self.seconds):.2f} ({self.processor_seconds:.2f}) | `{record}`, {slowest:.2f} |"
        )


def groups(url: str, at: int) -> Iterator[Group]:
    """Yield every group with recording rules, evaluated one after the other as Prometheus does.

    Args:
        url: Of a Prometheus with the data of all instances.
        at: Unix time of the evaluation.
    """
    for file in sorted(RULES.glob("*.yml")):
        for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]:
            rules = [rule for rule in group["rules"] if "record" in rule]
            if rules:
                yield _measured(url, at, group, rules)


def _measured(url: str, at: int, group: Mapping[str, Any], rules: list[dict[str, Any]]) -> Group:
    rounds = [_evaluation(url, at, rules) for _ in range(_ROUNDS)]
    least = [min(each) for each in zip(*(seconds for seconds, _ in rounds), strict=True)]
    records = [str(rule["record"]) for rule in rules]
    processor = min(used for _, used in rounds)
    return Group(group["name"], group["interval"], records, least, processor)


def _evaluation(url: str, at: int, rules: list[dict[str, Any]]) -> tuple[list[float], float]:
    used, seconds = processor_seconds(url), []
    for rule in rules:
        began = time.perf_counter()
        parameters = {"query": rule["expr"], "time": at}
        answer = requests.post(f"{url}/api/v1/query", data=parameters, timeout=600).json()
        seconds.append(time.perf_counter() - began)
        if answer["status"] != "success":
            raise RuntimeError(f"{rule['record']}: {answer['error']}")
    return seconds, processor_seconds(url) - used


def processor_seconds(url: str) -> float:
    """Return the seconds of processors that a Prometheus has used, on all cores.

    Raises:
        RuntimeError: It does not report them.
    """
    text = requests.get(f"{url}/metrics", timeout=60).text
    found = re.search(r"^process_cpu_seconds_total (\S+)", text, re.MULTILINE)
    if found is None:
        raise RuntimeError(f"{url} does not report its processor seconds")
    return float(found[1])
