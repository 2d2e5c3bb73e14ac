"""Desks: one folder for each line of business, with all that is known of it."""
