"""Activities that ask the quota workflows."""
