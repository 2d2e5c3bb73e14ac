"""Open set: one action a file; only actions change outside systems."""
