"""`dispatch audit`: the audit store, from the command line."""
