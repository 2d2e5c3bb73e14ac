"""What the stand-ins that keep their data in SQLite have in common."""
