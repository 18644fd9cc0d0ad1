"""What runs on the hosts: the stack's own backends, at the hosts' addresses.

Commands and variables are those of `stack.backends`; only addresses differ, as every host has its
own loopback and its own ports.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stack import debian, paths
from stack.backends import BY_NAME, template_values
from stack.build import Builder
from stack.errors import StackError
from stack.fleet import collectors, discovery
from stack.fleet.network import Network

API_HOSTS: Final = ("api1", "api2", "api3")
GATEWAY_HOSTS: Final = ("gateway1", "gateway2")
CALLER_HOST: Final = "caller"
EDGE_HOST: Final = "edge"
DATA_HOST: Final = "data"
SIGNALS_HOST: Final = "signals"
HOSTS: Final = (EDGE_HOST, DATA_HOST, *API_HOSTS, CALLER_HOST, *GATEWAY_HOSTS, SIGNALS_HOST)

WORKERS: Final = 2
BUILT: Final = ("mongodb", "stripe-mock", "collector", "prometheus", "tempo")
"""Backends that are built when missing."""

CALLER_PORT: Final = 8080
WEBHOOK_SECRET: Final = "whsec_of-the-fleet"  # noqa: S105 - of a stack that lives for minutes
LIMIT_A_MINUTE: Final = 60
"""Reads of an address or account, where rate limits count."""

_ANY: Final = "0.0.0.0"  # noqa: S104 - of a namespace that only this machine reaches
_SETTINGS: Final = {
    "SERENE_HOST": _ANY,
    "TELEMETRY_MANAGEMENT_HOST": _ANY,
    "OTEL_SERVICE_NAME": "serene",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318",
    "SERENE_TOKEN_KEYS": "fleet:of-a-stack-that-lives-for-some-minutes-only",
    "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
    "RATE_LIMIT_READ": f"{LIMIT_A_MINUTE}/minute",
    "HEALTH_INTERVAL_SECONDS": "1",
    # Longer than nginx keeps an idle connection.
    "DRAIN_DELAY_SECONDS": "2",
    "TELEMETRY_FAULTS": "false",
    "TELEMETRY_PARENT_SAMPLED_PER_SECOND": "100000",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One process of a host.

    Args:
        name: On its host.
        command: To run.
        environment: Set on top of this process's own.
        ready: URL to probe.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    ready: str


class HostParts:
    """Makes the parts of every host.

    Args:
        network: Has the addresses.
        builder: Has the built programs.
        folder: Of data and configurations.
    """

    def __init__(self, network: Network, builder: Builder, folder: Path) -> None:
        self._network = network
        self._builder = builder
        self._folder = folder

    def of(self, host: str) -> tuple[Part, ...]:
        """Return what runs on a host, in the order of its start."""
        agent = (self._collector("agent", host, collectors.agent()),)
        by_host: dict[str, Callable[[], tuple[Part, ...]]] = {
            EDGE_HOST: lambda: (self._nginx(),),
            DATA_HOST: lambda: tuple(map(self._data, ("mongodb", "redis", "model", "stripe-mock"))),
            CALLER_HOST: lambda: (*agent, self._caller()),
            SIGNALS_HOST: lambda: (self._tempo(), self._prometheus()),
        }
        if host in by_host:
            return by_host[host]()
        if host in GATEWAY_HOSTS:
            return (self._collector("gateway", host, collectors.gateway()),)
        return (*agent, self.service(host))

    def service(self, host: str) -> Part:
        """Return the API of a host."""
        return Part(
            "service",
            self._command("service", host),
            self.service_environment(host),
            f"http://{self._network.address(host)}:9464/health/readiness",
        )

    def service_environment(self, host: str) -> dict[str, str]:
        """Return the variables of a host's API."""
        data = self._network.address(DATA_HOST)
        backend = BY_NAME["service"]
        texts = dict(backend.environment) | dict(backend.beside[("redis",)])
        filled = {name: self._fill("service", host, text) for name, text in texts.items()}
        return {name: text.replace("127.0.0.1", data) for name, text in filled.items()} | {
            **_SETTINGS,
            "TELEMETRY_TRUSTED_PROXIES": f"{self._network.address(EDGE_HOST)}/32",
            # The load; a client at the other address is limited.
            "RATE_LIMIT_EXEMPT_NETWORKS": ",".join(
                f"{address}/32"
                for address in (
                    self._network.client_address(),
                    self._network.address(CALLER_HOST),
                )
            ),
        }

    def _data(self, name: str) -> Part:
        backend, host = BY_NAME[name], DATA_HOST
        address = self._network.address(host)
        command = tuple(part.replace("127.0.0.1", address) for part in self._command(name, host))
        if name == "model":
            command = (*command, "--host", address)
        environment = {k: self._fill(name, host, v) for k, v in backend.environment.items()}
        ready = self._fill(name, host, backend.ready).replace("127.0.0.1", address)
        return Part(name, command, environment, ready)

    def _collector(self, role: str, host: str, configuration: str) -> Part:
        path = self._write(host, f"{role}.yaml", configuration)
        program = self._fill("collector", host, "{bin}/otelcol")
        tempo = f"http://{self._network.address(SIGNALS_HOST)}:14318"
        environment = {"TEMPO_OTLP_URL": tempo, "COLLECTOR_METRICS_TARGET": host}
        ready = f"http://{self._network.address(host)}:13133/"
        return Part(role, (program, "--config", str(path)), environment, ready)

    def _tempo(self) -> Part:
        environment = {
            "TEMPO_LISTEN_HOST": _ANY,
            "TEMPO_OTLP_LISTEN": f"{_ANY}:14318",
            "TEMPO_DATA": str(self._data_folder("tempo")),
        }
        ready = f"http://{self._network.address(SIGNALS_HOST)}:3200/ready"
        return Part("tempo", self._command("tempo", SIGNALS_HOST), environment, ready)

    def _prometheus(self) -> Part:
        text = discovery.prometheus_configuration(self.targets_folder)
        self._write(SIGNALS_HOST, "prometheus.yml", text)
        command = tuple(
            part.replace("127.0.0.1", _ANY) for part in self._command("prometheus", SIGNALS_HOST)
        )
        ready = f"http://{self._network.address(SIGNALS_HOST)}:9090/-/ready"
        return Part("prometheus", command, {}, ready)

    def _caller(self) -> Part:
        api = f"http://{self._network.address(EDGE_HOST)}"
        environment = {
            **_SETTINGS,
            "OTEL_SERVICE_NAME": CALLER_HOST,
            "FLEET_API": api,
            "FLEET_PORT": str(CALLER_PORT),
        }
        command = (sys.executable, "-m", "stack.fleet.caller")
        ready = f"http://{self._network.address(CALLER_HOST)}:{CALLER_PORT}/ready"
        return Part(CALLER_HOST, command, environment, ready)

    def _nginx(self) -> Part:
        program = debian.find("nginx")
        if program is None:
            raise StackError("a fleet needs nginx: install Debian's package nginx-light")
        text = (paths.ROOT / "deploy" / "nginx" / "nginx.conf").read_text(encoding="utf-8")
        changes = {
            f"10.0.3.{11 + at}:": f"{self._network.address(host)}:"
            for at, host in enumerate(API_HOSTS)
        } | {
            "pid /run/nginx.pid;": f"daemon off;\npid {self._data_folder('nginx')}/nginx.pid;",
            "error_log /var/log/nginx/error.log warn;": "error_log stderr warn;",
            "access_log off;": "access_log off;\n" + self._temporary_folders(),
        }
        for old, new in changes.items():
            if old not in text:
                raise StackError(f"nginx.conf has no {old!r} to change")
            text = text.replace(old, new)
        path = self._write(EDGE_HOST, "nginx.conf", text)
        ready = f"http://{self._network.address(EDGE_HOST)}/api/v1/health/liveness"
        return Part("nginx", (program, "-c", str(path), "-e", "stderr"), {}, ready)

    def _temporary_folders(self) -> str:
        folder = self._data_folder("nginx")
        return "\n".join(
            f"    {name}_temp_path {folder}/{name};"
            for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )

    @property
    def targets_folder(self) -> Path:
        """Where hosts write their targets."""
        return self._folder / "targets"

    def _command(self, name: str, host: str) -> tuple[str, ...]:
        return tuple(self._fill(name, host, part) for part in BY_NAME[name].command)

    def _fill(self, name: str, host: str, template: str) -> str:
        backend = BY_NAME[name]
        return template.format(
            **template_values(0, WORKERS),
            deploy=paths.ROOT / "deploy",
            root=paths.ROOT,
            python=sys.executable,
            data=self._data_folder(name),
            logs=self._folder / host,
            config=self._folder / host / backend.config,
            bin=self._builder.directory(backend) if backend.module else "",
        )

    def _data_folder(self, name: str) -> Path:
        folder = self._folder / "data" / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _write(self, host: str, name: str, text: str) -> Path:
        path = self._folder / host / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path
