"""How a request ends: closed, cancelled, handed to a person, or continued in a new history."""
