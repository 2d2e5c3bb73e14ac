"""What a desk declares without code: systems, reads, actions, and the templates that they are written with."""
