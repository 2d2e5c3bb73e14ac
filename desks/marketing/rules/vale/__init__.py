"""Reads and runs rules in the form of Vale styles."""
