"""The pages: one file for each thing that a person can open or send."""
