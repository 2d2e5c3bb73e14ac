"""The audit store's parts for the worker and the command line."""
