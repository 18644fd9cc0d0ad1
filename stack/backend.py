"""``Backend``: how one process of the stack is built, configured, run and probed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from stack.ports import shifted


@dataclass(frozen=True, slots=True)
class Backend:
    """One process of the stack.

    Attributes:
        name: its name on the command line, in Docker Compose and in paths.
        ports: by name, at offset 0. The first is that of `url`.
        command: what to run, as templates.
        url: where clients connect.
        ready: URL to probe for readiness; http:// must answer 200, mongodb:// must answer a ping.
        live: URL to probe for liveness, which does not depend on other backends; `ready` when
            empty.
        module: the folder of its Go module under stack/; empty when there is nothing to build.
        packages: command name to Go package.
        tags: Go build tags.
        linked: values that the linker sets, by the name of their variable.
        environment: set on top of the caller's.
        config: name of its configuration below deploy/, for a program that reads no environment:
            a copy with `config_changes` is `{config}`.
        config_changes: texts of Docker Compose's configuration, and what stands in their place,
            as templates.
        beside: by the backends that have to run, what is set on top of `environment`.
        needs: backends without which it is live but not ready.
        sends_to: backends to which it sends data; it is stopped before them, so that they receive
            everything.
        per_worker: names of the ports of which each gunicorn worker has its own, counted upwards.
        seed: command that loads demo data, run in its environment once it and its `needs` are up.
        stop_seconds: time from SIGTERM to SIGKILL.
        optional: not started by `serene up`, but by tests.
    """

    name: str
    ports: Mapping[str, int]
    command: tuple[str, ...]
    url: str
    ready: str
    live: str = ""
    module: str = ""
    packages: Mapping[str, str] = field(default_factory=dict)
    tags: str = ""
    linked: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    config: str = ""
    config_changes: Mapping[str, str] = field(default_factory=dict)
    beside: Mapping[tuple[str, ...], Mapping[str, str]] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    sends_to: tuple[str, ...] = ()
    per_worker: tuple[str, ...] = ()
    seed: tuple[str, ...] = ()
    stop_seconds: float = 20.0
    optional: bool = False

    def all_ports(self, offset: int, workers: int) -> dict[str, int]:
        """Return every port that it listens on, by name; the second worker's is "management/1"."""
        ports = dict(self.ports)
        for name in self.per_worker:
            ports |= {f"{name}/{slot}": self.ports[name] + slot for slot in range(1, workers)}
        return shifted(self.name, ports, offset)

    def variables(self, pid_of: Callable[[str], int | None]) -> dict[str, str]:
        """Return the templates of its variables beside the backends that run.

        Args:
            pid_of: returns a running backend's pid, else None.
        """
        texts = dict(self.environment)
        for others, more in self.beside.items():
            if all(pid_of(other) is not None for other in others):
                texts |= more
        return texts
