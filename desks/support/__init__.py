"""The support desk: answers questions about orders and issues refunds."""
