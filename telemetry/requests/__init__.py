"""One request, from its arrival to its completion.

``parsing`` makes a record from a WSGI environ, ``record`` keeps it in the current context,
``recorder`` completes it exactly once, and ``completed`` is what sinks receive. Nothing here knows
Flask, MongoDB or a server.
"""
