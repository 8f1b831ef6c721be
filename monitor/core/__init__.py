"""Decides. Pure: no clock, no I/O; `now` is an argument."""
