"""What copy claims, and whether the brand has approved it."""
