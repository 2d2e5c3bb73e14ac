"""Systems of the marketing desk."""
