"""Makes a page's changes: finds the one place that is meant, edits it, and proves that nothing else changed."""
