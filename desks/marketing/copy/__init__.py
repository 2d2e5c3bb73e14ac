"""Reads copy of any form as prose with positions in its source."""
