"""PromQL of the panels, one module a board, over ``telemetry.names`` and ``service.metrics``."""
