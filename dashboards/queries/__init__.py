"""PromQL of the panels, one module a board, over the metrics of ``telemetry.names``."""
