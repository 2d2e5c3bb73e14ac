"""Pure functions over the contracts: no I/O, no clock, no randomness."""
