"""Requests from files."""
