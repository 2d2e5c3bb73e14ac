"""The backend `examples`: a text classifier that learns from a desk's own example sentences, in a process of its own."""
