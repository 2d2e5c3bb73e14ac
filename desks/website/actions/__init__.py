"""Open set: one action a file."""
