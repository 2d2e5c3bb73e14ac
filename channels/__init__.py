"""Channels: how requests arrive and messages are sent."""
