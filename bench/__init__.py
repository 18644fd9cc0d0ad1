"""What telemetry costs: whole-process and interleaved measurements."""
