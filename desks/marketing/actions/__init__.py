"""Actions of the marketing desk."""
