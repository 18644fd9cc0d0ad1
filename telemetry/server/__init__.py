"""How a process serves, drains and ends, the same under gunicorn and standalone.

The sequence is one and the same (``lifetime``, ``drain``); what differs is the sender of the
signals and the owner of the sockets. gunicorn's arbiter imports some of it before anything is
monkey-patched, so nothing here imports Flask, pymongo or OpenTelemetry.
"""
