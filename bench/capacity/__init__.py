"""How far the service goes: measured costs, a simulation of them, and what follows for a fleet.

``python -m bench.capacity`` measures on real processes and writes ``docs/capacity.json``. From that
file alone come the simulation (``simulation``), the servers for a number of users (``fleet``), what
breaks first (``bounds``) and the growth at many instances (``growth``); ``python docs/capacity.py``
writes their tables and the picture of the curve.
"""
