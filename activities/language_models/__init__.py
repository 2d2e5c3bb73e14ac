"""Asking language models, each from a queue of its own."""
