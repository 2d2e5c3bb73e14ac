"""The reading of a request, where language models have a part in it."""
