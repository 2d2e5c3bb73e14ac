"""The requester's side of a request: what is asked of them, what they answer and add, what they are told."""
