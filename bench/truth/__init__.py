"""Whether what the layer reports of a request is true, measured from outside of the worker.

``python -m bench.truth`` sends 5,000 requests of all kinds to a worker that is always busy, and
compares the durations, phases and database times of its log with what the client and a proxy before
the database measured. All clocks are the kernel's.
"""
