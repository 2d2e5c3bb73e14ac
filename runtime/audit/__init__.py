"""The audit store's part of what the worker and the command line put together."""
