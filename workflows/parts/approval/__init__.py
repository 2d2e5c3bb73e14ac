"""Waiting for people: approval requests, their decisions, and who is told of them."""
