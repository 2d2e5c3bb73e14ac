"""Pure rules of the guardian: hard rules first, then the risk tier and the scrutiny it needs."""
