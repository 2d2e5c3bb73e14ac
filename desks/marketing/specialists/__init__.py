"""Specialists of the marketing desk."""
