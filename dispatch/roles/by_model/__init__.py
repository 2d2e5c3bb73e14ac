"""What language models fill in for the generic roles, and what comes of it, as pure rules."""
