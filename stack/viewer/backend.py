"""The viewer's entry among the backends; see `stack.backends`."""

from typing import Final

from stack.backend import Backend

VIEWER: Final = Backend(
    name="viewer",
    ports={"http": 3000},
    command=(
        *("{root}/.venv/bin/python", "-m", "stack.viewer", "--port", "{viewer[http]}"),
        *("--management", "{service[management]}", "--workers", "{workers}"),
        *("--prom", "{prometheus[http]}", "--tempo", "{tempo[http]}", "--loki", "{loki[http]}"),
        *("--alertmanager", "{alertmanager[http]}"),
    ),
    url="http://127.0.0.1:{viewer[http]}",
    ready="http://127.0.0.1:{viewer[http]}/viewer.json",
    stop_seconds=5.0,
)
