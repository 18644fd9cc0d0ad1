"""One request, from its arrival to its completion: its record, its phases and its sinks.

``parsing`` makes the record from a WSGI environ, ``record`` holds it in the current context and
``recorder`` completes it exactly once. Nothing here knows Flask, MongoDB or a server.
"""
