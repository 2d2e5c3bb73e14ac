"""The doors by which requests come in: reading them, starting them, and keeping for people what is refused."""
