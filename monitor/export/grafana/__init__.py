"""Grafana's dashboards, described once and written in both languages: `python -m monitor.export.grafana`."""
