"""A real language model on this machine, small enough for any: for tests and the demo, not for judgement."""
