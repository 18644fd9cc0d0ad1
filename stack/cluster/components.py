"""The programs of a control plane with their arguments, in the order in which they start."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from stack.cluster import certificates as pki

PORTS: Final = {
    "etcd": 2379,
    "etcd-peer": 2380,
    "kube-apiserver": 6443,
    "kube-controller-manager": 10257,
    "kube-scheduler": 10259,
    "kwok": 10247,
}
"""Usual ports; where a control plane listens is up to its caller."""

ADMIN: Final = "admin"
_MANAGER: Final = "system:kube-controller-manager"
_SCHEDULER: Final = "system:kube-scheduler"
_USERS: Final = {ADMIN: "system:masters", _MANAGER: "", _SCHEDULER: ""}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a control plane lives.

    Args:
        folder: Of its data, keys and logs.
        ports: By the names of ``PORTS``.
        token: The secret of its users, one for all.
    """

    folder: Path
    ports: Mapping[str, int]
    token: str

    @property
    def keys(self) -> Path:
        """The folder of keys and certificates."""
        return self.folder / "keys"

    @property
    def url(self) -> str:
        """Where kube-apiserver listens."""
        return f"https://127.0.0.1:{self.ports['kube-apiserver']}"

    def kubeconfig(self, user: str = ADMIN) -> Path:
        """Return the path of a user's configuration."""
        return self.folder / f"{user.rpartition(':')[2]}.kubeconfig"

    def write(self) -> None:
        """Write keys, tokens and the configuration of every user."""
        pki.make(self.keys)
        rows = [f'{self.token}-{user},{user},{user},"{group}"' for user, group in _USERS.items()]
        self._tokens.write_text("\n".join(rows) + "\n")
        self._tokens.chmod(0o600)
        for user in _USERS:
            self.kubeconfig(user).write_text(yaml.safe_dump(self._configuration(user)))
            self.kubeconfig(user).chmod(0o600)

    @property
    def _tokens(self) -> Path:
        return self.folder / "tokens.csv"

    def _configuration(self, user: str) -> dict[str, object]:
        authority = pki.certificate(self.keys, pki.AUTHORITY)
        cluster = {"server": self.url, "certificate-authority": authority}
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "serene", "cluster": cluster}],
            "users": [{"name": user, "user": {"token": f"{self.token}-{user}"}}],
            "contexts": [{"name": "serene", "context": {"cluster": "serene", "user": user}}],
            "current-context": "serene",
        }

    def commands(self) -> dict[str, tuple[str, ...]]:
        """Return the arguments of every program, by its name."""
        return {
            "etcd": self._etcd(),
            "kube-apiserver": self._apiserver(),
            "kube-controller-manager": self._manager(),
            "kube-scheduler": self._component("kube-scheduler", _SCHEDULER),
            "kwok": (
                f"--kubeconfig={self.kubeconfig()}",
                "--manage-all-nodes=true",
                # Renewed by it, so that no node is taken for lost.
                "--node-lease-duration-seconds=40",
                f"--server-address=127.0.0.1:{self.ports['kwok']}",
                f"--config={Path(__file__).parent / 'stages.yaml'}",
            ),
        }

    def _etcd(self) -> tuple[str, ...]:
        client = f"http://127.0.0.1:{self.ports['etcd']}"
        peer = f"http://127.0.0.1:{self.ports['etcd-peer']}"
        return (
            f"--data-dir={self.folder / 'etcd'}",
            *(f"--listen-client-urls={client}", f"--advertise-client-urls={client}"),
            *(f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}"),
            f"--initial-cluster=default={peer}",
            # Its data end with it.
            "--unsafe-no-fsync",
            "--log-level=warn",
        )

    def _apiserver(self) -> tuple[str, ...]:
        authority = pki.certificate(self.keys, pki.AUTHORITY)
        accounts = pki.key(self.keys, pki.SERVICE_ACCOUNTS)
        return (
            f"--etcd-servers=http://127.0.0.1:{self.ports['etcd']}",
            *("--bind-address=127.0.0.1", f"--secure-port={self.ports['kube-apiserver']}"),
            # Nothing in this cluster reaches it by its Service, and a Service has no loopback.
            "--endpoint-reconciler-type=none",
            f"--tls-cert-file={pki.certificate(self.keys, pki.SERVER)}",
            f"--tls-private-key-file={pki.key(self.keys, pki.SERVER)}",
            *(f"--client-ca-file={authority}", f"--token-auth-file={self._tokens}"),
            f"--requestheader-client-ca-file={authority}",
            f"--requestheader-allowed-names={pki.FRONT_PROXY}",
            "--requestheader-username-headers=X-Remote-User",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            f"--proxy-client-cert-file={pki.certificate(self.keys, pki.FRONT_PROXY)}",
            f"--proxy-client-key-file={pki.key(self.keys, pki.FRONT_PROXY)}",
            "--service-account-issuer=https://serene.test",
            *(
                f"--service-account-key-file={accounts}",
                f"--service-account-signing-key-file={accounts}",
            ),
            "--service-cluster-ip-range=10.96.0.0/16",
            *("--authorization-mode=RBAC", "--profiling=false"),
        )

    def _manager(self) -> tuple[str, ...]:
        return (
            *self._component("kube-controller-manager", _MANAGER),
            "--use-service-account-credentials=true",
            f"--service-account-private-key-file={pki.key(self.keys, pki.SERVICE_ACCOUNTS)}",
            f"--root-ca-file={pki.certificate(self.keys, pki.AUTHORITY)}",
            # Usually 15 s, and half a minute before a new pod's figures count.
            "--horizontal-pod-autoscaler-sync-period=1s",
            "--horizontal-pod-autoscaler-initial-readiness-delay=1s",
        )

    def _component(self, name: str, user: str) -> tuple[str, ...]:
        configuration = self.kubeconfig(user)
        return (
            f"--kubeconfig={configuration}",
            f"--authentication-kubeconfig={configuration}",
            f"--authorization-kubeconfig={configuration}",
            *("--bind-address=127.0.0.1", f"--secure-port={self.ports[name]}"),
            f"--cert-dir={self.folder / name}",
            "--leader-elect=false",
        )
