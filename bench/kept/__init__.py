"""Whether what must be kept is kept, for minutes under load: ``python -m bench.kept``.

A real worker, Collector, Tempo and Prometheus. One request in a hundred is slow, one fails. With
``--outage`` the Collector is gone for a minute.
"""
