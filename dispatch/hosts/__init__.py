"""Which hosts texts of requesters may go to, judged at start and again at each connection."""
