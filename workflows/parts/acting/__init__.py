"""What changes the outside world: effects in their order and at their time, and what they reserve."""
