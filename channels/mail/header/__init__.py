"""Reads a mail's header: the sender, the requests that it answers, and signs of automatic mail."""
