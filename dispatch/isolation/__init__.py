"""Runs readers of strangers' text in a process that can be killed."""
