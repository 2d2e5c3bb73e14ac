"""Outgoing webhooks: the events of a history, and the delivery of one message."""
