"""The configured language models and their workers."""
