"""Open set: one reviewer a file; each returns only exceptions."""
