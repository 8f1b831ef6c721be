"""Asks one device one question and says what it saw. Knows nothing of tickets."""
