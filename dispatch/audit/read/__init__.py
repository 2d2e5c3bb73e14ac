"""The trail, read from a request's history alone."""
