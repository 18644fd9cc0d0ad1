"""Collectors of the fleet: those of a cluster, with its addresses.

Agents and gateways are `stack.cluster.collectors`' own; lines are left out, for there is no Loki.
"""

from typing import Any, Final

import yaml

from stack.cluster import collectors

GATEWAYS: Final = "gateways.fleet"
"""Name of every gateway that is up, in each host's file hosts."""


def agent() -> str:
    """Return the configuration of a host's agent, as YAML."""
    configuration = collectors.agent()
    exporter = configuration["exporters"]["load_balancing"]
    resolver = {"hostname": GATEWAYS, "port": str(collectors.GATEWAY_PORT), "interval": "1s"}
    exporter["resolver"] = {"dns": resolver}
    return _without_lines(configuration)


def gateway() -> str:
    """Return the configuration of a gateway, as YAML."""
    return yaml.safe_dump(collectors.gateway(), sort_keys=False)


def _without_lines(configuration: dict[str, Any]) -> str:
    del configuration["receivers"]["file_log"]
    del configuration["processors"]["transform/lines"]
    del configuration["exporters"]["otlp_http/loki"]
    del configuration["extensions"]["file_storage"]
    service = configuration["service"]
    del service["pipelines"]["logs"]
    service["extensions"] = ["health_check"]
    return yaml.safe_dump(configuration, sort_keys=False)
