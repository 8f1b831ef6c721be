"""Puts the daemon together from a configuration file."""
