"""Frozen contracts; imports nothing of ours and does nothing but validate."""
