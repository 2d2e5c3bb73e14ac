"""One request: what came in, where it stands, what its page and its row show."""
