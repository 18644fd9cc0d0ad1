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


def messages(query: str) -> str:
    """Return the lines of a query as their messages, and their other members as fields.

    Lines that are not JSON, such as those of a stack trace, stay as they are.
    """
    return " ".join(
        (
            query,
            "| json",
            "| drop __error__, __error_details__",
            "| line_format `{{if .message}}{{.message}}{{else}}{{__line__}}{{end}}`",
        )
    )


def faults() -> str:
    """Return the lines of fault buttons that were pressed and released."""
    return f'{{service_name="{STACK}"}} | json event="event", fault="fault" | event=~"fault.*"'
