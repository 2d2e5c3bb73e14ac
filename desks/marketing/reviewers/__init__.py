"""Reviewers of the marketing desk."""
