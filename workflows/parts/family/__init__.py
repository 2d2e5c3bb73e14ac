"""A request for several desks: the whole, and one desk's part of it."""
