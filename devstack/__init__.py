"""What stands in for outside systems on one machine."""
