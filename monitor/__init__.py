"""The daemon that watches the watchers."""

__version__ = "0.1.0"
