"""Webhooks out: events read from histories, each delivered by a workflow of its own."""
