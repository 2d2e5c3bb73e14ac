"""Everything that touches the world; you need this room to add a specialist, a reviewer or an action."""
