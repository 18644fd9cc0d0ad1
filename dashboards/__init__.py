"""Grafana's boards as typed Python; ``python -m dashboards`` writes their JSON into
``dashboards/generated/``.

Floors: ``config`` and ``promql`` (what counts as bad, how a query is put together) → ``queries/``
(what is asked, from ``telemetry.names`` only) → ``panels`` and ``layout`` (how it is drawn) →
``boards/`` (which panel stands where). A query knows nothing of its panel, and a panel writes no
PromQL.
"""
