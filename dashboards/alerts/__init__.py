"""Alerts: conditions that need a person, as rules of Prometheus and routes of Alertmanager.

They are of the objectives (``budgets``) and of causes, a module a subject. ``python -m dashboards``
writes them to ``deploy/rules`` and ``deploy/alertmanager.yml``, which both stacks read.
Every number comes from ``service.objectives``; every alert has a page in ``docs/runbooks``.
"""

from dashboards.alerts.catalogue import alerts as alerts
from dashboards.alerts.files import DEPLOY as DEPLOY
from dashboards.alerts.files import files as files
from dashboards.alerts.files import write as write
from dashboards.alerts.rule import Alert as Alert
