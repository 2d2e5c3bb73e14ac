"""The support desk: answers questions about orders and gives money back."""
