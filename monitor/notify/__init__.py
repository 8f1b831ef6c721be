"""Brings what was committed to people: mail, chat, webhook, MQTT."""
