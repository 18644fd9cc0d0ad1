"""Several hosts on one machine: a network namespace each, joined by a bridge.

``python -m stack.fleet`` starts nginx, three API hosts with a Collector each, a pair of gateways,
FerretDB, Redis, Prometheus, Tempo and a second service, runs the scenes against them, and prints
what each was to show and what was seen. It needs root. Only processes and interfaces that it made
are touched; those of a run that crashed are removed by the next one.
"""
