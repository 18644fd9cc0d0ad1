"""How long each board takes on a day of 200 instances: ``python -m bench.boards``.

``data`` writes what so many instances would have exposed, as OpenMetrics; promtool makes blocks of
it; ``measuring`` asks a real Prometheus each query of each board, as Grafana does.
"""
