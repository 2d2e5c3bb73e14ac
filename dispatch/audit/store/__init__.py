"""The audit store: exported histories, chained, signed and verified."""
