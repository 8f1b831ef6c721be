"""Gives numbers away: Prometheus, MQTT."""
