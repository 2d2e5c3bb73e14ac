"""What a worker is built from besides its activities: the sandbox, the limit of its backlog, its stop."""
