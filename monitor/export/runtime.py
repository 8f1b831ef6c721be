"""What does the interpreter do? By prometheus-client, under the names that all Python programs give these numbers."""

from __future__ import annotations

from functools import cache

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, generate_latest


@cache
def _registry() -> CollectorRegistry:
    """Garbage collections, which stop everything for a moment, and the interpreter's version."""
    registry = CollectorRegistry()
    GCCollector(registry)
    PlatformCollector(registry)
    return registry


def runtime_lines() -> bytes:
    """`python_gc_…` and `python_info` in text format."""
    found: bytes = generate_latest(_registry())
    return found
