"""Pure functions over untrusted text, which is always data."""
