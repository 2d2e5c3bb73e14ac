"""Checks to which hosts texts of requesters may be sent, at start and again at each connection."""
