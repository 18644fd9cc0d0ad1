"""LogQL of panels and annotations: lines of the selected services and instances.

Loki's labels are service, instance and level; everything else is structured metadata.
"""

from typing import Final

STACK: Final = "serene-stack"
"""Service of the lines that the stack itself writes, such as pressed fault buttons."""


def lines(*stages: str, level: str = "") -> str:
    """Return the lines of the selected services and instances.

    Args:
        stages: Such as ``| http_route=~"${route:pipe}"``.
        level: Pattern, such as ``ERROR|CRITICAL``; empty for all.
    """
    # Lines of the arbiter have no instance.
    labels = ['service_name=~"$service"', 'service_instance_id=~"$instance|"']
    if level:
        labels.append(f'level=~"{level}"')
    return " ".join((f"{{{', '.join(labels)}}}", *stages))


def faults() -> str:
    """Return the lines of fault buttons that were pressed and released."""
    return f'{{service_name="{STACK}"}} | json event="event", fault="fault" | event=~"fault.*"'
