"""Pure functions over untrusted text; it stays data whatever it says."""
