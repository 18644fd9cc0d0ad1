"""The files that Prometheus and Alertmanager read, generated and written."""

from pathlib import Path
from typing import Final

import yaml

from dashboards import recording_rules, telemetry_lost
from dashboards.alerts import held, routing
from dashboards.alerts.catalogue import alerts
from dashboards.time_scale import TimeScale

DEPLOY: Final = Path(__file__).parents[2] / "deploy"

_NOTICE: Final = "# Written by `python -m dashboards` from {source}.\n"


def files(time: TimeScale) -> dict[str, str]:
    """Return the text of each file by its path below ``DEPLOY``."""
    rules = [*(alert.rule() for alert in alerts(time)), held.rule(time)]
    groups = [{"name": "serene-alerts", "interval": time("5s"), "rules": rules}]
    return {
        "rules/alerts.yml": _text("dashboards/alerts", {"groups": groups}),
        "rules/recording.yml": _text(
            "dashboards/recording_rules.py", {"groups": recording_rules.groups(time)}
        ),
        "rules/telemetry_lost.yml": _text(
            "dashboards/telemetry_lost.py", {"groups": [telemetry_lost.group(time)]}
        ),
        "alertmanager.yml": _text("dashboards/alerts/routing.py", routing.configuration(time)),
    }


def write(folder: Path, time: TimeScale) -> None:
    """Write every file into ``folder``."""
    for name, text in files(time).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _text(source: str, document: dict[str, object]) -> str:
    body = yaml.safe_dump(document, sort_keys=False, width=1000, allow_unicode=True)
    return _NOTICE.format(source=source) + body
