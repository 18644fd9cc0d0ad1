"""Benchmarks: what telemetry costs, in whole-process and interleaved measurements."""
