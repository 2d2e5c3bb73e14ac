"""Runs what reads strangers' text in a process that can be ended."""
