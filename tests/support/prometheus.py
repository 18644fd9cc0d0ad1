"""A Prometheus of a test's own: the real binary, as parser and evaluator of the boards' queries."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from tests.backend import Server, built
from tests.support.polling import wait_until
from tests.support.promql.tree import Node


@dataclass
class Prometheus(Server):
    """One Prometheus that scrapes nothing and evaluates no rule.

    Args:
        blocks: Folder of its data, such as blocks that promtool has written; empty at first where
            None.
    """

    blocks: Path | None = None
    trees: dict[str, Node] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Of its API, without path."""
        return f"http://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        """What to run."""
        configuration = self.directory / "prometheus.yml"
        configuration.write_text("global: {}\n", encoding="utf-8")
        return [
            str(built("prometheus") / "prometheus"),
            f"--config.file={configuration}",
            f"--storage.tsdb.path={self.blocks or self.directory / 'data'}",
            "--storage.tsdb.retention.time=30d",
            f"--web.listen-address=127.0.0.1:{self.port}",
            "--log.level=warn",
        ]

    def start(self) -> None:
        """Start it, and wait until it answers queries."""
        super().start()
        wait_until(
            lambda: requests.get(f"{self.url}/-/ready", timeout=60).status_code == 200,
            what="Prometheus is ready",
            retry_on=(requests.ConnectionError,),
        )

    def parse(self, expression: str) -> Node:
        """Return the tree of a query; each is parsed once.

        Raises:
            ValueError: With Prometheus' reason why it is invalid.
        """
        if expression not in self.trees:
            answer = self._post("parse_query", query=expression)
            if answer["status"] != "success":
                raise ValueError(f"{answer['error']}: {expression}")
            self.trees[expression] = answer["data"]
        return self.trees[expression]

    def query_range(
        self, expression: str, *, start: float, end: float, step: float
    ) -> dict[str, Any]:
        """Return the data of a range query, with its ``stats``; times in Unix seconds."""
        answer = self._post(
            "query_range", query=expression, start=start, end=end, step=step, stats="all"
        )
        if answer["status"] != "success":
            raise ValueError(f"{answer['error']}: {expression}")
        data: dict[str, Any] = answer["data"]
        return data

    def _post(self, path: str, **parameters: Any) -> dict[str, Any]:
        response = requests.post(f"{self.url}/api/v1/{path}", data=parameters, timeout=120)
        answer: dict[str, Any] = response.json()
        return answer
