"""What the header fields of a mail say: who sent it, which requests it answers, and what tells a machine."""
