"""Understands changes in words: what is quoted, what is done with it, and where; what is not understood is said so."""
