"""Common parts of the stand-ins that keep their data in SQLite."""
