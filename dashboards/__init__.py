"""Grafana's boards as typed Python; ``python -m dashboards`` writes ``dashboards/generated/``.

Floors, from the lowest: ``config`` (objectives, limits, colours) and ``promql`` (query shapes);
``queries/`` (PromQL over the names of metrics); ``panels/`` (how each panel type is
drawn), ``links``, ``variables`` and ``layout``; ``boards/`` (what each panel shows, and where).
A panel is read and changed in one place in ``boards/``; only its PromQL is in ``queries/``.
"""
