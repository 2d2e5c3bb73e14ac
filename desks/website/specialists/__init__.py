"""Open set: one specialist a file; each edits pages or examines one side of them."""
