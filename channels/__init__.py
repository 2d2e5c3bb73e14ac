"""Channels: the doors by which requests come in and messages go out."""
