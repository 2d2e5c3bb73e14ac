"""Clients of the support desk's outside systems."""
