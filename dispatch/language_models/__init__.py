"""Language models of one's own: which there are, and the one client that asks them."""
