"""Open set: one generic specialist a file."""
