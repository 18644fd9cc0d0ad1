"""Load for one core, in pure Python: keep-alive connections, prepared requests, epoll.

``python -m bench.load PORT`` runs one load and prints its report as JSON. It runs in a process of
its own, on another core than the server; an answer costs it about 10 µs.
"""
