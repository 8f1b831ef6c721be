"""Keeps what must survive: conditions, tickets, history, outbox, pictures."""
