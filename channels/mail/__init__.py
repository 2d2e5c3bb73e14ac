"""Mail: parse what comes in, send what goes out, read back what was sent."""
