"""Requests through one desk on a server of its own, with nothing sent: what `dispatch desk try` and evals share."""
