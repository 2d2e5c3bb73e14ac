"""The mail channel's outside systems."""
