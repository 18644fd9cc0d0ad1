"""What finds hosts: files of targets for Prometheus, and names of gateways for agents.

A host that starts writes its file, and one that is stopped removes it, as an agent of a registry
does. A thread probes the gateways and keeps the name of those that are up, as a cluster's endpoints
do; nothing else knows how many there are.
"""

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from stack import paths, probes
from stack.fleet.collectors import GATEWAYS

PROBE_SECONDS: Final = 0.5
_SCRAPE_SECONDS: Final = 2
_ROLES: Final = ("serene", "otelcol")


def prometheus_configuration(folder: Path) -> str:
    """Return Prometheus' configuration; its jobs have no target but those of files.

    Args:
        folder: Of the files, ``<job>-<host>.json``.

    Source: deploy/kubernetes, pod-monitors.yaml, whose labels these are.
    """
    jobs: list[dict[str, Any]] = [
        {
            "job_name": role,
            # Exemplars travel only in OpenMetrics.
            "scrape_protocols": ["OpenMetricsText1.0.0", "PrometheusText0.0.4"],
            "file_sd_configs": [{"files": [f"{folder}/{role}-*.json"], "refresh_interval": "5s"}],
            "metric_relabel_configs": [
                {
                    "action": "labeldrop",
                    "regex": "exported_(service_instance_id|service_name"
                    "|deployment_environment_name)",
                }
            ],
        }
        for role in _ROLES
    ]
    seconds = f"{_SCRAPE_SECONDS}s"
    return yaml.safe_dump(
        {
            "global": {
                "scrape_interval": seconds,
                "scrape_timeout": seconds,
                "evaluation_interval": "5s",
            },
            "rule_files": [f"{paths.ROOT}/deploy/rules/*.yml"],
            "scrape_configs": jobs,
            "storage": {"exemplars": {"max_exemplars": 100000}},
        },
        sort_keys=False,
    )


class Targets:
    """Files of targets.

    Args:
        folder: Where Prometheus finds them.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, job: str, host: str, targets: Mapping[str, Mapping[str, str]]) -> None:
        """Write a host's file.

        Args:
            job: Of the targets.
            host: Whose file.
            targets: Labels, by address and port.
        """
        groups = [
            {"targets": [target], "labels": dict(labels)} for target, labels in targets.items()
        ]
        scratch = self.folder / f".{job}-{host}"
        scratch.write_text(json.dumps(groups), encoding="utf-8")
        scratch.rename(self._path(job, host))

    def remove(self, job: str, host: str) -> None:
        """Remove a host's file."""
        self._path(job, host).unlink(missing_ok=True)

    def _path(self, job: str, host: str) -> Path:
        return self.folder / f"{job}-{host}.json"


class GatewayNames:
    """Keeps the gateways that are up under their common name.

    Args:
        health: URL of each gateway's health, by its address.
        write: Writes names for everyone who resolves them.
    """

    def __init__(
        self,
        health: Mapping[str, str],
        write: Callable[[Sequence[tuple[str, str]]], object],
    ) -> None:
        self._health = health
        self._write = write
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="gateway-names", daemon=True)
        self.up: frozenset[str] = frozenset()

    def start(self) -> None:
        """Begin to probe."""
        self._thread.start()

    def stop(self) -> None:
        """End it."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(10)

    def _run(self) -> None:
        while not self._stopped.wait(PROBE_SECONDS):
            up = frozenset(
                address
                for address, url in self._health.items()
                if probes.probe(url, PROBE_SECONDS).ready
            )
            # With no gateway at all the last ones are kept: a name without an address is an error.
            if up and up != self.up:
                self.up = up
                self._write([(address, GATEWAYS) for address in sorted(up)])
