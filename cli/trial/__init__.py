"""Trials of requests at one desk on a separate server, with nothing sent: shared by `dispatch desk try` and evals."""
