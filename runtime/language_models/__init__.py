"""The language models that the settings name, and their workers."""
