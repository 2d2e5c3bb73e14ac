"""The support desk's contracts: what records hold, and what its specialists pass to one another."""
