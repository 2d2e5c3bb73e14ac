"""Measures the desk on the embedded server, beside a bare workflow that does as many steps (`make bench`)."""
