"""Pure rules of the marketing desk."""
