"""Frozen contracts, which import no other package of ours and only validate."""
