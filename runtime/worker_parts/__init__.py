"""Parts of a worker other than its activities: the sandbox, the backlog limiter, the shutdown."""
