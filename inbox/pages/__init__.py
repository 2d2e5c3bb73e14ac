"""The pages: one file for each page or form."""
