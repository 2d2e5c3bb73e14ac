"""`dispatch evals`: how well a desk understands what customers write."""
