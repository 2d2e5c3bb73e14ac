"""Requests as JSON over HTTP."""
