"""Open set of these tests."""
