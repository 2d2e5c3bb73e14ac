"""How soon a request is done, and whose turn it is."""
