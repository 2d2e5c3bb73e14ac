"""Open set: one specialist a file; each examines or drafts one thing and returns a Finding."""
