"""Stand-ins for outside systems on one machine."""
