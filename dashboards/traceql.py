"""TraceQL of panels and links: selections of spans by the boards' variables.

Every kept span has its service, version and instance as resource attributes. Grafana fills in a
variable of several values as ``a|b``, and All as its pattern.
"""

from typing import Final

_RESOURCE: Final = (
    'resource.service.name=~"${service:pipe}"',
    'resource.deployment.environment.name=~"${environment:pipe}"',
    'resource.service.version=~"${version:pipe}"',
    'resource.service.instance.id=~"${instance:pipe}"',
)
ROUTE: Final = 'span.http.route=~"${route:pipe}"'
"""Condition for the selected routes."""


def spans(*conditions: str) -> str:
    """Return the spans of the selected services, versions and instances.

    Args:
        conditions: Further ones, such as ``span.http.response.status_code >= 500``.
    """
    return "{ " + " && ".join((*_RESOURCE, *conditions)) + " }"
