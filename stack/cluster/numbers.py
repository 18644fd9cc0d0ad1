"""The numbers of the manifests that follow from settings: ports, times of a stop, memory.

Each is computed from the setting that rules it; the manifests name ports and contain none of them.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from service.accounts.settings import AccountSettings
from service.server_settings import ServerSettings
from service.settings import telemetry_config
from telemetry.gunicorn import longest_shutdown_seconds

PRE_STOP_SECONDS: Final = 5
"""How long kube-proxy and the ingress may take to drop a pod that ends; it serves as before."""

KILL_MARGIN_SECONDS: Final = 5
"""From the end of the longest drain to the kubelet's SIGKILL, for a busy machine."""

PROCESS_MIB: Final = 128
"""Arbiter and worker after some thousand requests, without what settings bound."""

_MIB: Final = 2**20


@dataclass(frozen=True, slots=True)
class Numbers:
    """What the Deployment of the service needs.

    Args:
        api_port: Of the API.
        management_port: Of the pod's one worker.
        stop_seconds: From the beginning of a pod's end to its kill.
        memory_mib: That one worker may need with every bounded store full.
    """

    api_port: int
    management_port: int
    stop_seconds: int
    memory_mib: int

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Self:
        """Compute them from the settings of a pod.

        Raises: SettingError when a setting cannot be used.
        """
        telemetry = telemetry_config(environ)
        accounts = AccountSettings.from_env(environ)
        stores = (
            telemetry.undecided_bytes
            + telemetry.flight_recorder_bytes
            + accounts.passwords_at_once * accounts.password_memory_kib * 1024
        )
        drain_seconds = math.ceil(longest_shutdown_seconds(telemetry))
        return cls(
            api_port=ServerSettings.from_env(environ).port,
            management_port=telemetry.management_port,
            stop_seconds=PRE_STOP_SECONDS + drain_seconds + KILL_MARGIN_SECONDS,
            memory_mib=PROCESS_MIB + math.ceil(stores / _MIB),
        )

    def patch(self) -> dict[str, Any]:
        """Return the patch of the Deployment."""
        container = {
            "name": "service",
            "ports": [
                {"name": "http", "containerPort": self.api_port},
                {"name": "management", "containerPort": self.management_port},
            ],
            "lifecycle": {"preStop": {"sleep": {"seconds": PRE_STOP_SECONDS}}},
            "resources": {
                "requests": {"memory": f"{self.memory_mib}Mi"},
                "limits": {"memory": f"{2 * self.memory_mib}Mi"},
            },
        }
        pod = {"terminationGracePeriodSeconds": self.stop_seconds, "containers": [container]}
        return {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "serene"},
            "spec": {"template": {"spec": pod}},
        }
