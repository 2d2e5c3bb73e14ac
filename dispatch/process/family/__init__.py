"""Requests for several desks: how they are divided, and what their requester is told."""
