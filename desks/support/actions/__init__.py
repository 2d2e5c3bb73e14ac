"""Open set: one action a file; the only things that change the outside world."""
