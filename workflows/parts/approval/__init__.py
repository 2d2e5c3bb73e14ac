"""Waiting for people: approval requests, their decisions, and who is notified of them."""
