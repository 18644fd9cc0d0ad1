"""Thousands of connections on one worker, held for minutes: ``python -m bench.connections``.

Idle ones have had an answer and wait; active ones send a request every few seconds. The service is
the real one on its real database. At the end every idle connection must get an answer.
"""
