"""Open set: one generic reviewer a file; each returns only exceptions."""
