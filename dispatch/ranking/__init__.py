"""The rank of requests, and their fair share of a busy worker."""
