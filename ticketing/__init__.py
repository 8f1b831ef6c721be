"""The service desk. Pure: no clock, no I/O, no database; `now` is an argument, in seconds since the epoch."""
