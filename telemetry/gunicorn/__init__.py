"""What only gunicorn needs: a worker that drains, the server hooks and the arbiter's side of both.

gunicorn's arbiter imports ``worker`` and ``hooks`` before anything is monkey-patched, so nothing
here imports Flask, pymongo or OpenTelemetry.
"""
