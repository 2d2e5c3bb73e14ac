"""Open set: one reviewer a file."""
