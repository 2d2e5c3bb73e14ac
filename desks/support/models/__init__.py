"""The support desk's contracts: records, and the facts that its specialists pass to one another."""
