"""What the boards ask, one module a board; texts of PromQL, made from ``telemetry.names``."""
