"""Runs it: asks when it is time, decides in one place, commits, publishes."""
