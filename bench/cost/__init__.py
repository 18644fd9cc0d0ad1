"""What telemetry costs, against bare Flask: ``python -m bench.cost``.

Each server is a gunicorn whose workers share core 0; the load and the receiver of spans are on core
1. All servers run all the time, and each round measures one after the other, so that a drift of the
machine affects all alike.
"""
