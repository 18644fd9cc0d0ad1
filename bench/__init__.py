"""Benchmarks: conditions are measured in interleaved rounds, so that load on the machine affects
all of them alike. Each module is a command; docs/measurements.md has the results.
"""
