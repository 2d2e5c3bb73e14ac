"""Webhooks out: the events that a history holds, and the sending of one message."""
