"""``HostFleet``: the hosts started in order, stopped, and restarted one after another."""

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from stack import paths, probes
from stack.backends import BY_NAME
from stack.build import Builder
from stack.errors import StackError
from stack.fleet import network as networks
from stack.fleet.discovery import GatewayNames, Targets
from stack.fleet.network import Network
from stack.fleet.parts import (
    API_HOSTS,
    BUILT,
    CALLER_HOST,
    CALLER_PORT,
    DATA_HOST,
    EDGE_HOST,
    GATEWAY_HOSTS,
    HOSTS,
    SIGNALS_HOST,
    WORKERS,
    HostParts,
    Part,
)
from stack.fleet.processes import Host
from stack.progress import Progress
from stack.up import build_in_step, prepare_builder

READY_SECONDS: Final = 90.0
_POLL_SECONDS: Final = 0.05
_SEED_SECONDS: Final = 120.0
_START_ORDER: Final = (
    (DATA_HOST, SIGNALS_HOST),
    GATEWAY_HOSTS,
    (*API_HOSTS, CALLER_HOST),
    (EDGE_HOST,),
)


class HostFleet:
    """Every host of the fleet, started within its context.

    Args:
        folder: Of its logs and data.
        builder: Has the built programs.
    """

    def __init__(self, folder: Path, builder: Builder) -> None:
        self.folder = folder
        self.network = Network(HOSTS)
        self.targets = Targets(folder / "targets")
        self._parts = HostParts(self.network, builder, folder)
        self.hosts: Mapping[str, Host] = {name: Host(name, self.network, folder) for name in HOSTS}
        health = {
            self.address(host): f"http://{self.address(host)}:13133/" for host in GATEWAY_HOSTS
        }
        self.gateways = GatewayNames(health, self._write_names)
        self._at_the_end = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            undo.callback(self.network.delete)
            self.network.create()
            undo.callback(self._stop_all)
            self._start_all()
            self._at_the_end = undo.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._at_the_end.close()

    # -- addresses ---------------------------------------------------------------------------------

    def address(self, host: str) -> str:
        """Return the address of a host."""
        return self.network.address(host)

    @property
    def edge(self) -> str:
        """Address of nginx."""
        return self.address(EDGE_HOST)

    @property
    def api_hosts(self) -> tuple[str, ...]:
        """Names of the API's hosts."""
        return API_HOSTS

    @property
    def caller_url(self) -> str:
        """URL of the second service."""
        return f"http://{self.address(CALLER_HOST)}:{CALLER_PORT}"

    @property
    def prometheus_url(self) -> str:
        """URL of Prometheus."""
        return f"http://{self.address(SIGNALS_HOST)}:9090"

    @property
    def tempo_url(self) -> str:
        """URL of Tempo."""
        return f"http://{self.address(SIGNALS_HOST)}:3200"

    def management_urls(self, host: str) -> list[str]:
        """Return the URL of each worker's management port."""
        return [f"http://{self.address(host)}:{9464 + slot}" for slot in range(WORKERS)]

    # -- hosts -------------------------------------------------------------------------------------

    def start_api(self, host: str) -> None:
        """Start the API of a host, and enter it among the targets; returns before it is ready."""
        part = self._parts.service(host)
        self.hosts[host].start(part.name, part.command, part.environment)
        self._add_targets(host)

    def stop_api(self, host: str) -> int:
        """Stop the API of a host as a deployment does; returns its exit status."""
        self.targets.remove("serene", host)
        return self.hosts[host].stop("service")

    def wait_api(self, host: str) -> None:
        """Wait until every worker of a host is ready."""
        for url in self.management_urls(host):
            self._wait(host, "service", f"{url}/health/readiness")

    def restart_part(self, host: str, name: str) -> None:
        """Start a part again that was killed, and wait until it is ready."""
        (part,) = (part for part in self._parts.of(host) if part.name == name)
        self._start_part(host, part)
        self._wait(host, part.name, part.ready)

    def wait_until(self, condition: Callable[[], object], seconds: float) -> float | None:
        """Wait for a condition; returns the seconds that it took, or None after `seconds`."""
        began = time.monotonic()
        while (spent := time.monotonic() - began) < seconds:
            if condition():
                return spent
            time.sleep(_POLL_SECONDS)
        return None

    # -- start and stop ----------------------------------------------------------------------------

    def _start_all(self) -> None:
        for hosts in _START_ORDER:
            if API_HOSTS[0] in hosts:
                self.gateways.start()
                self.wait_until(lambda: len(self.gateways.up) == len(GATEWAY_HOSTS), READY_SECONDS)
            for host in hosts:
                for part in self._parts.of(host):
                    self._start_part(host, part)
            for host in hosts:
                for part in self._parts.of(host):
                    self._wait(host, part.name, part.ready)
            if API_HOSTS[0] in hosts:
                self._seed()
        for host in API_HOSTS:
            self.wait_api(host)

    def _start_part(self, host: str, part: Part) -> None:
        self.hosts[host].start(part.name, part.command, part.environment)
        if part.name == "service":
            self._add_targets(host)
        elif part.name in ("agent", "gateway"):
            labels = {"instance": f"{host}:8888", "role": part.name}
            self.targets.add("otelcol", host, {f"{self.address(host)}:8888": labels})

    def _add_targets(self, host: str) -> None:
        common = {"service_name": "serene", "deployment_environment_name": "development"}
        self.targets.add(
            "serene",
            host,
            {
                url.removeprefix("http://"): common | {"service_instance_id": f"{host}/{slot}"}
                for slot, url in enumerate(self.management_urls(host))
            },
        )

    def _seed(self) -> None:
        host = API_HOSTS[0]
        command = [str(paths.VENV / "bin" / "python"), "-m", "service.seed"]
        environment = self._parts.service_environment(host)
        self.hosts[host].run(command, environment, _SEED_SECONDS)

    def _wait(self, host: str, name: str, url: str) -> None:
        where = self.hosts[host]
        deadline = time.monotonic() + READY_SECONDS
        while not (result := probes.probe(url)).ready:
            ended = where.has_ended(name)
            if ended or time.monotonic() > deadline:
                how = "ended" if ended else f"is not ready after {READY_SECONDS:.0f} s"
                raise StackError(
                    f"{name} on {host} {how}: it {result.detail}; last log line: "
                    f"{where.last_log_line(name)[:300]} (whole log: {where.log_path(name)})"
                )
            time.sleep(_POLL_SECONDS)

    def _stop_all(self) -> None:
        self.gateways.stop()
        for hosts in reversed(_START_ORDER):
            with ThreadPoolExecutor(len(hosts)) as pool:
                list(pool.map(lambda host: self.hosts[host].stop_all(), hosts))

    def _write_names(self, names: Sequence[tuple[str, str]]) -> None:
        for host in (*API_HOSTS, CALLER_HOST):
            self.network.write_hosts(host, names)


def prepare() -> Builder:
    """Check what a fleet needs, remove what crashed ones left, and build what is missing.

    Raises:
        StackError: It cannot run here; the text is one line.
    """
    networks.require()
    networks.remove_leftovers()
    backends = [BY_NAME[name] for name in BUILT]
    builder = prepare_builder(backends)
    if builder is None:
        raise StackError("a fleet has backends to build, and Go was not found")
    missing = [backend for backend in backends if not builder.is_built(backend)]
    progress = Progress(steps=len(missing))
    for backend in missing:
        build_in_step(builder, backend, progress)
    return builder


def folder_of(pid: int) -> Path:
    """Return the folder of the fleet that a process runs."""
    return paths.state_directory() / f"fleet-{pid}"


def remove_folder(folder: Path) -> None:
    """Remove the logs and data of a fleet that has ended."""
    shutil.rmtree(folder, ignore_errors=True)
