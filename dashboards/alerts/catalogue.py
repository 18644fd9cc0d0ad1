"""Every alert, in the order of the rules' file."""

from dashboards.alerts import budgets, database, members, pipeline, worker
from dashboards.alerts.rule import Alert
from dashboards.time_scale import TimeScale


def alerts(time: TimeScale) -> tuple[Alert, ...]:
    """Return every alert; an alert with two severities is two of one name."""
    return (
        *budgets.alerts(time),
        *database.alerts(time),
        *worker.alerts(time),
        *pipeline.alerts(time),
        *members.alerts(time),
    )
