"""What language models fill in when they read a request, and what comes of it beside the rules, as pure rules."""
