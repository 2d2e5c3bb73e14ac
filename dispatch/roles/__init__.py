"""What the generic roles of declared desks decide, as pure rules."""
