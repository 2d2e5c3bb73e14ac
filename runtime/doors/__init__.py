"""The doors through which requests arrive: read them, start them, and keep refused ones for people."""
