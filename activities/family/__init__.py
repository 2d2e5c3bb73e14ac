"""What a request for several desks reads of its parts."""
