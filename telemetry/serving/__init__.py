"""How a process serves, drains and ends: under gunicorn (``worker``, ``hooks``) and alone
(``alone``).

The sequence is one and the same (``session``, ``drain``); what differs is who sends the signals and
who owns the sockets. gunicorn's arbiter imports ``worker`` and ``hooks`` before anything is
monkey-patched, so nothing here imports Flask, pymongo or OpenTelemetry.
"""
