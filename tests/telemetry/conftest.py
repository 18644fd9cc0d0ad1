"""Fixtures of every test of telemetry."""

from tests.support.scenarios import outcome, running

__all__ = ["outcome", "running"]
