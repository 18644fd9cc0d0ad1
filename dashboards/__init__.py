"""Grafana dashboards as typed Python, with the generated JSON beside."""
