"""Actions that send mail."""
